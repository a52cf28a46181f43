/** What somebody lends, and at which rate. It binds nobody: a bid does. */
import { z } from 'zod'
import { sha256 } from '../../../lib/sha256.ts'
import type { NodeId } from '../../../model/ids.ts'
import { longestOffer, Offer } from '../../../model/molt-offer.ts'
import type { MicroMolt } from '../../../model/amount.ts'
import { oneMolt } from '../../../model/amount.ts'
import { ruleOf } from './rule.ts'

/** Issuers number their offers; strangers' numbers are in nobody's way. */
export const offerId = (issuer: NodeId, number: number): string => sha256(`${issuer}\n${number}`)

/** In µMOLT for a second of one GPU: nobody means to ask for more. */
const highestRate: MicroMolt = 1_000_000n * oneMolt

export const offerRule = ruleOf({
  payload: Offer,
  longest: longestOffer,
  problem(offer, { issuer, id, endOfLife }, { network }) {
    if (offer.provider !== issuer) return 'issuer'
    if (offerId(issuer, offer.number) !== id) return 'key'
    const isSane = offer.network === network.id && offer.rate <= highestRate && offer.endOfLife <= endOfLife
    return isSane ? null : 'rule'
  },
  tombstone: {
    payload: z.strictObject({ number: z.int().min(1) }),
    problem: ({ number = 0 }, { issuer, id }) => (offerId(issuer, number) === id ? null : 'key'),
  },
})
