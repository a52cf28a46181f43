/** A job as its buyer keeps it: what was asked for, how its purchases stand, and what their providers said last. */
import { z } from 'zod'
import { canonicalJson } from '../../../lib/canonical-json.ts'
import type { MicroMolt } from '../../../model/amount.ts'
import { Hash, party } from '../../../model/molt-agreement.ts'
import { mostFolders } from '../../../model/molt-data.ts'
import { instant } from '../../../model/molt-hardware.ts'
import type { Instant } from '../../../model/time.ts'
import type { Network } from '../network.ts'
import type { BuyInput } from './buy.ts'
import { Buy, buyStep } from './buy.ts'
import { mostDue, type Purchase } from './purchase.ts'

/** What a provider said of the work, in its own words: nobody else has seen it. */
export const WorkWord = z.strictObject({
  state: z.string().max(32),
  about: z.string().max(1_024).nullable(),
  startedAt: instant.nullable(),
  endedAt: instant.nullable(),
  exitCode: z.int().nullable(),
  /** It takes its GPUs back then. */
  stopBy: instant.nullable(),
})
export type WorkWord = z.infer<typeof WorkWord>

/** How the last round went: why there were no more bids. */
export const Round = z.strictObject({
  round: z.int().min(1),
  offers: z.int().min(0),
  asked: z.int().min(0),
  bids: z.int().min(0),
  /** Of those that were no bids, or none that can be taken: how often each reason was met. */
  reasons: z.record(z.string().max(32), z.int().min(1)),
})
export type Round = z.infer<typeof Round>

export const Job = z.strictObject({
  version: z.literal(1),
  id: z.string().regex(/^mj-[a-z2-7]{10}$/),
  name: z.string().min(1).max(63),
  /** With its digest. */
  image: z.string().max(256),
  command: z.array(z.string().max(32_768)).max(256),
  /** Archives that are sent for it, by what this node calls them. */
  inputs: z
    .array(z.strictObject({ id: z.string().max(64), to: z.string().max(1_024), bytes: z.int().min(0) }))
    .max(mostFolders)
    .default([]),
  /** Folders that its work fills. */
  outputs: z.array(z.string().max(1_024)).max(mostFolders).default([]),
  by: z.string().min(1).max(256),
  at: instant,
  buy: Buy,
  /** Nobody else is asked; null for all whose offers fit. */
  only: party.nullable().default(null),
  round: Round.nullable(),
  /** By purchase. */
  words: z.record(Hash, WorkWord),
})
export type Job = z.infer<typeof Job>

export const jobText = (job: Job): string => canonicalJson(job)
/** Throws for what is none. */
export const jobFrom = (text: string): Job => Job.parse(JSON.parse(text))

export const jobStep = (job: Job, input: BuyInput, at: Instant): Job => ({ ...job, buy: buyStep(job.buy, input, at) })

/** The last one: the one that counts. */
export const presentOf = ({ buy: { purchases } }: Pick<Job, 'buy'>): Purchase | null => purchases.at(-1) ?? null

/** The purchase whose work may have left something: the last one that was paid for, once its work is over. */
export function leftBy({ buy: { purchases } }: Pick<Job, 'buy'>): Purchase | null {
  const last = purchases.findLast(({ agreement, state }) => agreement !== null && state !== 'agreed')
  if (last === undefined || !['closing', 'closed'].includes(last.state)) return null
  return (last.terms.data?.outputs ?? 0) > 0 ? last : null
}

export const isJobOver = ({ buy }: Pick<Job, 'buy'>): boolean => buy.state === 'closed'

export interface Cost {
  /** What was paid in agreements that are closed. */
  readonly paid: MicroMolt
  /** What was promised in those that are not. */
  readonly promised: MicroMolt
  /** What all of it can still come to. */
  readonly most: MicroMolt
}

export function costOfJob({ buy: { purchases } }: Pick<Job, 'buy'>): Cost {
  const sum = (amounts: readonly MicroMolt[]): MicroMolt => amounts.reduce((all, one) => all + one, 0n)
  const open = purchases.filter(({ state }) => state !== 'closed')
  return {
    paid: sum(purchases.map(({ outcome }) => outcome?.paid ?? 0n)),
    promised: sum(open.map(({ payer }) => payer.vouched)),
    most: sum(purchases.map(mostDue)),
  }
}

/** When all that is set aside can be had back, whatever the provider does; null while nothing waits for that. */
export function takenBackAt(
  { buy: { purchases } }: Pick<Job, 'buy'>,
  { claimTime }: Pick<Network, 'claimTime'>,
): Instant | null {
  const waiting = purchases.filter(({ state, agreement }) => state === 'closing' && agreement !== null)
  return waiting.length === 0 ? null : Math.max(...waiting.map(({ terms }) => terms.endsAt + claimTime))
}

/** How it stands, in one word. */
export const jobWords = [
  ...(['looking', 'agreeing', 'starting', 'running', 'closing'] as const),
  ...(['completed', 'failed', 'cancelled'] as const),
] as const
export type JobWord = (typeof jobWords)[number]

export function wordFor(job: Pick<Job, 'buy'>): JobWord {
  const { state, why } = job.buy
  if (state === 'closed') return why === 'completed' || why === 'cancelled' ? why : 'failed'
  if (state === 'closing') return 'closing'
  switch (state === 'collecting' ? null : (presentOf(job)?.state ?? null)) {
    case 'funded':
      return 'starting'
    case 'running':
      return 'running'
    case 'chosen':
    case 'agreed':
      return 'agreeing'
    case 'closing':
    case 'closed':
    case null:
      return 'looking'
  }
}
