/** What a buyer and a provider have agreed on: both have signed the same terms, whose hash is its id. */
import { z } from 'zod'
import { Amount, costOf } from '../../model/amount.ts'
import type { Verifier } from '../../ports/signer.ts'
import { party } from './network.ts'
import { hashOf, type Hash, isSignedBy } from './signing.ts'

const instant = z.int().min(0)
const signature = z.string().regex(/^[A-Za-z0-9+/]{86}==$/)

export const Terms = z
  .strictObject({
    network: z.string().min(1).max(64),
    buyer: party,
    provider: party,
    /** Chosen by the buyer, so that two agreements on the same are two. */
    nonce: z.string().regex(/^[0-9a-f]{32}$/),
    gpus: z.int().min(1).max(1_024),
    model: z.string().min(1).max(128),
    /** In µMOLT for a second of one GPU. */
    rate: Amount,
    /** What is set aside for it: no more can become due. */
    hold: Amount,
    /** So much use without a voucher the provider bears before it pauses the work: what one interval costs, at most. */
    credit: Amount,
    /** Between two meter notes, in milliseconds. */
    interval: z.int().min(1_000).max(3_600_000),
    /** So long before it takes its GPUs back the provider says so, in milliseconds. */
    reclaim: z.int().min(0).max(86_400_000),
    startsAt: instant,
    endsAt: instant,
    /** Who decides a dispute: all of them have to agree. */
    arbiters: z.array(party).max(7),
    /** SHA-256 of the image's manifest. */
    image: z.string().regex(/^sha256:[0-9a-f]{64}$/),
    isolation: z.enum(['gvisor', 'kata', 'runc']),
  })
  .refine(({ buyer, provider }) => buyer !== provider, 'nobody lends to himself')
  .refine(
    ({ credit, rate, gpus, interval }) => credit <= costOf(rate, BigInt(gpus) * BigInt(interval)),
    'more credit than one interval costs',
  )
  .refine(({ startsAt, endsAt }) => startsAt < endsAt, 'it ends before it starts')
  .refine(
    ({ arbiters, buyer, provider }) => !arbiters.includes(buyer) && !arbiters.includes(provider),
    'a party is no arbiter',
  )
export type Terms = z.infer<typeof Terms>

export const Agreement = z.strictObject({
  terms: Terms,
  byBuyer: signature,
  byProvider: signature,
})
export type Agreement = z.infer<typeof Agreement>

export const agreementId = ({ terms }: Pick<Agreement, 'terms'>): Hash => hashOf('agreement', terms)

const prefix = 'agr-'
/** The account that holds what is set aside. Nobody has its key: it can only be closed, by the rules of its agreement. */
export const holdAccount = (agreement: Pick<Agreement, 'terms'>): string => `${prefix}${agreementId(agreement)}`
export const isHoldAccount = (account: string): boolean => account.startsWith(prefix)

/** Whether both have signed it. */
export function isAgreed({ terms, byBuyer, byProvider }: Agreement, verifier: Verifier): boolean {
  const said = { kind: 'agreement', network: terms.network, value: terms } as const
  return isSignedBy(verifier, terms.buyer, said, byBuyer) && isSignedBy(verifier, terms.provider, said, byProvider)
}
