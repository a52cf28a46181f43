/** What those whom a dispute concerns tell each other: its parties, and the arbiters that they have agreed on. See protocols/molt-dispute.md. */
import { z } from 'zod'
import { Hash } from '../model/molt-agreement.ts'
import { Evidence, Ruling } from '../model/molt-dispute.ts'
import type { Protocol } from '../ports/rpc.ts'
import { jsonCodec as json } from './json-codec.ts'

const Exchange = z.strictObject({
  agreement: Hash,
  /** What the caller puts forward as a party; null where it has told that, or is to judge. */
  evidence: Evidence.nullable(),
  /** All that it knows of: each proves itself. */
  rulings: z.array(Ruling).max(7),
})
export type Exchange = z.infer<typeof Exchange>

/**
 * `unknown`: there is no such dispute here, or the caller has nothing to do with it. `evidence`: it is not as it has to be, or nothing is set aside. `over`:
 * it cannot be disputed any more. `crowded`: there are too many of that caller.
 */
export const disputeRefusals = ['unknown', 'evidence', 'over', 'crowded'] as const
export type DisputeRefusal = (typeof disputeRefusals)[number]

const Answer = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('known'), rulings: z.array(Ruling).max(7) }),
  z.strictObject({ type: z.literal('refused'), reason: z.enum(disputeRefusals) }),
])
export type ExchangeAnswer = z.infer<typeof Answer>

/** Tells of a dispute what is known on both sides. Safe to repeat. Throws RATE_LIMITED. */
export const exchangeDispute: Protocol<Exchange, ExchangeAnswer> = {
  kind: 'call',
  id: '/clawbernetes/molt-dispute/exchange/1.0.0',
  audience: 'members',
  lane: 'bulk',
  request: json(Exchange),
  response: json(Answer),
  maxBytes: 262_144,
  timeout: 15_000,
  maxInbound: 4,
}
