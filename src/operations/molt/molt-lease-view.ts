/** Leases and what they have earned, as users see them. */
import { z } from 'zod'
import { agreementId } from '../../core/molt/agreement.ts'
import { timeLeft } from '../../core/molt/meter.ts'
import { meterAt } from '../../core/molt/market/lease.ts'
import type { Lent } from '../../core/molt/market/lent.ts'
import { moltInWords } from '../../model/amount.ts'
import type { MicroMolt } from '../../model/amount.ts'
import { isolations } from '../../model/molt-hardware.ts'
import { leaseReasons, leaseStates } from '../../model/molt-lease.ts'
import type { Instant } from '../../model/time.ts'
import type { LeaseSight } from '../../services/molt/lending/types.ts'
import { iso, isoOrNull, time } from '../fields.ts'

export const Money = z.object({ micro: z.string().describe('µMOLT, a whole number'), inWords: z.string() })
export const money = (amount: MicroMolt): z.infer<typeof Money> => ({
  micro: String(amount),
  inWords: moltInWords(amount),
})

const why = z.enum(leaseReasons).nullable().describe('Why it is over, or about to be')
const how = z.enum(['agreed', 'claimed', 'taken-back', 'judged', 'nothing']).nullable()

export const LeaseRow = z.object({
  id: z.string().describe('Of the agreement; of the bid before there is one'),
  state: z.enum(leaseStates),
  since: time,
  why,
  buyer: z.string(),
  gpus: z.int(),
  model: z.string(),
  rate: Money.describe('For an hour of one GPU'),
  used: z.number().describe('GPU-seconds by the meter'),
  vouched: Money.describe('What the buyer has promised so far'),
  paid: Money.nullable().describe('What it was closed at; null until then'),
  endsAt: time.nullable().describe('When it is over at the latest'),
  workload: z.string().nullable(),
})

export const LeaseView = LeaseRow.extend({
  devices: z.array(z.string()),
  isolation: z.enum(isolations),
  image: z.string().describe('SHA-256 of its manifest'),
  hold: Money.describe('What the buyer has set aside'),
  credit: Money.describe('What the buyer may use without having signed for it'),
  intervalMs: z.int().describe('Between two meter notes'),
  reclaimMs: z.int().describe('So long before its GPUs are taken back the guest is told'),
  notes: z.int().describe('Meter notes so far'),
  unpaidMs: z
    .number()
    .nullable()
    .describe('For how long it may still run before the buyer has to sign; null where it does not run'),
  stopBy: time.nullable(),
  how: how.describe('How it was closed'),
  final: z.string().nullable().describe('Account whose only line has closed it'),
  work: z.object({
    state: z.string(),
    about: z.string().nullable(),
    startedAt: time.nullable(),
    endedAt: time.nullable(),
    exitCode: z.int().nullable(),
  }),
})

export const perHour = (rate: MicroMolt): MicroMolt => rate * 3_600n

export function leaseRow({ lease, workload }: LeaseSight, now: Instant): z.infer<typeof LeaseRow> {
  const { agreement, key, state, since, why: reason, signed, outcome } = lease
  const meter = meterAt(lease, now)
  const { bid } = signed
  return {
    ...{ id: agreement === null ? key : agreementId(agreement), state, since: iso(since), why: reason },
    ...{ buyer: bid.buyer, gpus: bid.gpus, model: bid.model, rate: money(perHour(bid.rate)), workload },
    ...{ used: Number(meter.gpuMillis) / 1_000, vouched: money(meter.vouched) },
    paid: outcome === null ? null : money(outcome.paid),
    endsAt: isoOrNull(agreement?.terms.endsAt ?? null),
  }
}

export function leaseView(sight: LeaseSight, now: Instant): z.infer<typeof LeaseView> {
  const { lease, work, final } = sight
  const { devices, signed, agreement, stopBy, outcome } = lease
  const meter = meterAt(lease, now)
  const { bid } = signed
  const { terms } = agreement ?? {}
  return {
    ...{ ...leaseRow(sight, now), devices: [...devices], isolation: bid.isolation, image: bid.image },
    ...{ hold: money(terms?.hold ?? 0n), credit: money(bid.credit), intervalMs: bid.interval, reclaimMs: bid.reclaim },
    ...{ notes: meter.last?.sequence ?? 0, stopBy: isoOrNull(stopBy), how: outcome?.how ?? null },
    unpaidMs: terms !== undefined && meter.isRunning ? timeLeft(meter, terms) : null,
    final: final?.order.spend.account ?? null,
    work: { ...work, startedAt: isoOrNull(work.startedAt), endedAt: isoOrNull(work.endedAt) },
  }
}

export const LentView = z.object({
  id: z.string(),
  buyer: z.string(),
  gpus: z.int(),
  model: z.string(),
  used: z.number().describe('GPU-seconds by the meter'),
  paid: Money,
  how,
  why,
  closedAt: time,
})

export const lentView = (lent: Lent): z.infer<typeof LentView> => ({
  ...{ id: lent.agreement, buyer: lent.buyer, gpus: lent.gpus, model: lent.model, why: lent.why, how: lent.how },
  ...{ used: Number(lent.gpuMillis) / 1_000, paid: money(lent.paid), closedAt: iso(lent.closedAt) },
})
