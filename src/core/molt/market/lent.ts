/** What became of a lease, for its owner's accounts: what is kept of it when it is over. */
import { z } from 'zod'
import { canonicalJson } from '../../../lib/canonical-json.ts'
import { Amount, type MicroMolt } from '../../../model/amount.ts'
import { Hash, party } from '../../../model/molt-agreement.ts'
import { instant } from '../../../model/molt-hardware.ts'
import { leaseReasons } from '../../../model/molt-lease.ts'
import type { Instant } from '../../../model/time.ts'
import { agreementId } from '../agreement.ts'
import type { Network } from '../network.ts'
import { feeOf } from '../network.ts'
import type { Lease } from './lease.ts'
import { Outcome } from './record.ts'

const Lent = z.strictObject({
  agreement: Hash,
  buyer: party,
  gpus: z.int().min(1),
  model: z.string(),
  /** In µMOLT for a second of one GPU. */
  rate: Amount,
  /** By the meter. */
  gpuMillis: Amount,
  startsAt: instant,
  closedAt: instant,
  why: z.enum(leaseReasons).nullable(),
  how: Outcome.shape.how,
  paid: Amount,
})
export type Lent = z.infer<typeof Lent>

export const lentText = (lent: Lent): string => canonicalJson(lent)
/** Throws for what is none. */
export const lentFrom = (text: string): Lent => Lent.parse(JSON.parse(text))

/** Null for a bid that nobody took, and for what is not over. */
export function lentOf({ agreement, outcome, meter, since, why, state }: Lease): Lent | null {
  if (agreement === null || outcome === null || state !== 'closed') return null
  const { buyer, gpus, model, rate, startsAt } = agreement.terms
  return {
    ...{ agreement: agreementId(agreement), buyer, gpus, model, rate, gpuMillis: meter.gpuMillis },
    ...{ startsAt, closedAt: since, why, how: outcome.how, paid: outcome.paid },
  }
}

export interface Earned {
  readonly leases: number
  readonly gpuMillis: bigint
  /** What buyers have paid, and what of it went to the network. */
  readonly paid: MicroMolt
  readonly fee: MicroMolt
}

/** Of what was closed in between, first included. */
export function earnedIn(
  lent: readonly Lent[],
  network: Pick<Network, 'feeBps' | 'feeTo'>,
  { from, to }: { readonly from: Instant; readonly to: Instant },
): Earned {
  const closed = lent.filter(({ closedAt }) => closedAt >= from && closedAt < to)
  const sum = (value: (one: Lent) => bigint): bigint => closed.reduce((all, one) => all + value(one), 0n)
  return {
    leases: closed.length,
    gpuMillis: sum(({ gpuMillis }) => gpuMillis),
    paid: sum(({ paid }) => paid),
    fee: network.feeTo === null ? 0n : sum(({ paid }) => feeOf(network, paid)),
  }
}
