/** Jobs that strangers run for this node, and what they cost, as users see them. */
import { z } from 'zod'
import { agreementId } from '../../core/molt/agreement.ts'
import {
  costOfJob,
  isJobOver,
  type Job,
  jobWords,
  leftBy,
  presentOf,
  takenBackAt,
  wordFor,
} from '../../core/molt/market/job.ts'
import type { Network } from '../../core/molt/network.ts'
import { mostDue, type Purchase, purchaseReasons, purchaseStates } from '../../core/molt/market/purchase.ts'
import { totalFor } from '../../core/molt/market/decide.ts'
import { type Check, verdicts } from '../../core/molt/market/re-execution.ts'
import type { Ranked } from '../../core/molt/market/rank.ts'
import { isolations, type Verification, verifications } from '../../model/molt-hardware.ts'
import type { Want } from '../../model/molt-want.ts'
import type { BuyingService } from '../../services/molt/buying/buying.ts'
import { iso, isoOrNull, time } from '../fields.ts'
import { Money, money, perHour } from './molt-lease-view.ts'

const rate = Money.describe('For an hour of one GPU')

export const RoundView = z.object({
  offers: z.int().describe('Offers that fitted at a glance'),
  asked: z.int().describe('Providers that were asked'),
  bids: z.int().describe('Bids that could be taken'),
  reasons: z.record(z.string(), z.int()).describe('Why there were no more: how often each was met'),
})

export const BidView = z.object({
  provider: z.string(),
  gpus: z.int(),
  model: z.string(),
  rate,
  most: Money.describe('What all of it costs at most'),
  isolation: z.enum(isolations),
  verification: z.enum(verifications).describe('How sure this node is of the provider, by what it has seen itself'),
  region: z.string().nullable(),
  availableAt: time,
  validUntil: time,
  intervalMs: z.int().describe('Between two meter notes: what one costs is all that can be lost'),
  reclaimMs: z.int().describe('So long before it takes its GPUs back the work is told'),
})

export function bidView(
  { signed: { bid } }: Ranked,
  want: Pick<Want, 'gpus' | 'duration'>,
  verification: Verification,
): z.infer<typeof BidView> {
  return {
    ...{ provider: bid.provider, gpus: bid.gpus, model: bid.model, rate: money(perHour(bid.rate)) },
    ...{ most: money(totalFor(bid.rate, want)), isolation: bid.isolation, region: bid.region },
    ...{ verification, availableAt: iso(bid.availableAt), validUntil: iso(bid.validUntil) },
    ...{ intervalMs: bid.interval, reclaimMs: bid.reclaim },
  }
}

const Word = z.object({
  state: z.string(),
  about: z.string().nullable(),
  startedAt: time.nullable(),
  endedAt: time.nullable(),
  exitCode: z.int().nullable(),
  stopBy: time.nullable().describe('The provider takes its GPUs back then'),
})

export const JobRow = z.object({
  id: z.string(),
  name: z.string(),
  state: z.enum(jobWords),
  why: z.string().nullable().describe('Why it is over, or about to be'),
  by: z.string(),
  at: time,
  gpus: z.int(),
  model: z.string().nullable(),
  provider: z.string().nullable().describe('That of the last purchase'),
  rate: rate.nullable(),
  cost: z.object({
    paid: Money.describe('In agreements that are closed'),
    promised: Money.describe('In those that are not'),
    most: Money.describe('What all of it can still come to'),
  }),
  work: Word.nullable().describe('What the provider said of it last'),
})

const Try = z.object({
  agreement: z.string().nullable(),
  provider: z.string(),
  state: z.enum(purchaseStates),
  since: time,
  why: z.enum(purchaseReasons).nullable(),
  refusal: z.string().nullable().describe('Why its provider has refused it, in its word'),
  rate,
  hold: Money.describe('What is set aside'),
  promised: Money,
  most: Money,
  isolation: z.enum(isolations),
  seen: z.number().describe('GPU-seconds for which its work was seen to run'),
  metered: z.number().describe('GPU-seconds by the last meter note of its provider: what is paid follows from these'),
  how: z.string().nullable().describe('How it was closed'),
  paid: Money.nullable(),
})

const CheckView = z.object({
  kind: z.literal('re-execution'),
  again: z.string().nullable().describe('The job that runs the same at another provider; null before that'),
  verdict: z
    .enum(verdicts)
    .nullable()
    .describe('Whether both have printed the same; null as long as that is not known'),
  why: z.string().nullable().describe('Why it is unclear'),
  budget: Money.describe('For both runs'),
  outputs: z
    .array(
      z.object({
        ...{ job: z.string(), provider: z.string(), bytes: z.int() },
        sha256: z.string().describe('Of what was printed to standard output'),
      }),
    )
    .describe('Of both runs, once they have come to their ends'),
})

export const JobView = JobRow.extend({
  image: z.string(),
  command: z.array(z.string()),
  durationMs: z.int(),
  maxPrice: Money,
  accepts: z.array(z.enum(isolations)),
  round: z.int(),
  found: RoundView.nullable().describe('How the last round went'),
  tries: z.array(Try),
  check: CheckView.nullable().describe('What has come out of running it twice; null where it is run once'),
  inputs: z.array(z.object({ to: z.string(), bytes: z.int() })).describe('What is sent before its work begins'),
  outputs: z.array(z.string()).describe('Folders that its work fills'),
  outputsUntil: time
    .nullable()
    .describe(
      'They are kept until then unless they are fetched; null while nothing is left, or its agreement is not closed',
    ),
  backBy: time.nullable().describe('What is set aside comes back then at the latest, whatever the provider does'),
})

export function jobRow(job: Job): z.infer<typeof JobRow> {
  const present = presentOf(job)
  const { paid, promised, most } = costOfJob(job)
  const word = present === null ? undefined : job.words[present.key]
  return {
    ...{ id: job.id, name: job.name, state: wordFor(job), why: job.buy.why, by: job.by, at: iso(job.at) },
    ...{ gpus: job.buy.want.gpus, model: present?.terms.model ?? job.buy.want.model },
    ...{
      provider: present?.terms.provider ?? null,
      rate: present === null ? null : money(perHour(present.terms.rate)),
    },
    cost: { paid: money(paid), promised: money(promised), most: money(most) },
    work: word === undefined ? null : wordView(word),
  }
}

const wordView = ({ startedAt, endedAt, stopBy, ...word }: Job['words'][string]): z.infer<typeof Word> => ({
  ...{ ...word, startedAt: isoOrNull(startedAt), endedAt: isoOrNull(endedAt), stopBy: isoOrNull(stopBy) },
})

export function jobView(
  job: Job,
  {
    network,
    service,
  }: { readonly network: Pick<Network, 'claimTime'>; readonly service: Pick<BuyingService, 'checkOf'> },
): z.infer<typeof JobView> {
  const { want, round, purchases } = job.buy
  return {
    ...{ ...jobRow(job), image: job.image, command: [...job.command], durationMs: want.duration },
    ...{ maxPrice: money(want.maxTotal), accepts: [...want.isolation], round },
    check: checkView(service.checkOf(job)),
    outputsUntil: keptUntil(job),
    ...{ found: job.round, tries: purchases.map(tryView), outputs: [...job.outputs] },
    inputs: job.inputs.map(({ to, bytes }) => ({ to, bytes })),
    backBy: isoOrNull(takenBackAt(job, network)),
  }
}

function checkView(check: Check | null): z.infer<typeof CheckView> | null {
  if (check === null) return null
  const { again, verdict, why, budget, outputs } = check
  return { kind: 're-execution', again, verdict, why, budget: money(budget), outputs: [...outputs] }
}

/** As far as its buyer can know: the provider goes by its own clock. */
function keptUntil(job: Job): string | null {
  const left = isJobOver(job) ? leftBy(job) : null
  return left === null ? null : iso(left.since + (left.terms.data?.keepMs ?? 0))
}

function tryView(purchase: Purchase): z.infer<typeof Try> {
  const { agreement, terms, state, since, why, refusal, payer, seen, outcome } = purchase
  return {
    ...{ agreement: agreement === null ? null : agreementId(agreement), provider: terms.provider },
    ...{ state, since: iso(since), why, refusal, rate: money(perHour(terms.rate)), hold: money(terms.hold) },
    ...{ promised: money(payer.vouched), most: money(mostDue(purchase)), isolation: terms.isolation },
    ...{ how: outcome?.how ?? null },
    ...{ seen: Number(seen.gpuMillis) / 1_000, metered: Number(payer.last?.gpuMillis ?? 0n) / 1_000 },
    paid: outcome === null ? null : money(outcome.paid),
  }
}
