/**
 * Work that runs twice, at two providers, as its buyer says that it prints the same each time. What both have printed is compared by its digest.
 * Neither knows that there is another: to a provider the second run is work like any other.
 */
import { z } from 'zod'
import { base32Word } from '../../../lib/base32.ts'
import { canonicalJson } from '../../../lib/canonical-json.ts'
import { sha256 } from '../../../lib/sha256.ts'
import { Amount, type MicroMolt } from '../../../model/amount.ts'
import type { NodeId } from '../../../model/ids.ts'
import { Hash, party } from '../../../model/molt-agreement.ts'
import { instant } from '../../../model/molt-hardware.ts'
import type { Instant } from '../../../model/time.ts'
import type { Finding } from './findings.ts'
import { costOfJob, isJobOver, type Job, presentOf } from './job.ts'
import type { Purchase } from './purchase.ts'

const Output = z.strictObject({
  job: z.string().min(1).max(128),
  provider: party,
  /** Of what it has printed to standard output. */
  sha256: Hash,
  bytes: z.int().min(0),
})
export type Output = z.infer<typeof Output>

export const verdicts = ['equal', 'different', 'unclear'] as const

export const Check = z.strictObject({
  version: z.literal(1),
  /** Of the job that its buyer has submitted. */
  id: z.string().min(1).max(128),
  at: instant,
  /** For both runs together. */
  budget: Amount,
  /** The job that runs the same again; null before that. */
  again: z.string().min(1).max(128).nullable(),
  outputs: z.array(Output).max(2),
  verdict: z.enum(verdicts).nullable(),
  /** Why it is unclear, in words. */
  why: z.string().max(512).nullable(),
})
export type Check = z.infer<typeof Check>

export const checkText = (check: Check): string => canonicalJson(check)
/** Throws for what is none. */
export const checkFrom = (text: string): Check => Check.parse(JSON.parse(text))

export const newCheck = (id: string, budget: MicroMolt, at: Instant): Check => ({
  ...{ version: 1, id, at, budget, again: null, outputs: [], verdict: null, why: null },
})

/** Id of the second run: always the same for one job, so that there is one however often it is submitted. */
export const secondRunOf = (job: string): string =>
  `mj-${base32Word(Buffer.from(sha256(`run ${job} again`), 'hex').subarray(0, 10))}`

/** Why it is unclear when its buyer has cancelled the job. */
export const calledOff = 'cancelled'

export const isCalledOff = ({ verdict, why }: Pick<Check, 'verdict' | 'why'>): boolean =>
  verdict === 'unclear' && why === calledOff

/** Half of it is for the first run, so that the second one can cost as much. */
export const firstShare = (budget: MicroMolt): MicroMolt => budget / 2n

export type CheckInput =
  | { readonly type: 'output'; readonly output: Output }
  /** The second run is submitted. */
  | { readonly type: 'again'; readonly job: string }
  | { readonly type: 'unclear'; readonly why: string }

export function checkStep(check: Check, input: CheckInput): Check {
  if (check.verdict !== null) return check
  switch (input.type) {
    case 'again':
      return { ...check, again: check.again ?? input.job }
    case 'unclear':
      return { ...check, verdict: 'unclear', why: input.why.slice(0, 512) }
    case 'output': {
      if (check.outputs.some(({ job }) => job === input.output.job)) return check
      const outputs = [...check.outputs, input.output]
      return { ...check, outputs, verdict: compared(outputs) }
    }
  }
}

function compared([first, second]: readonly Output[]): Check['verdict'] {
  if (first === undefined || second === undefined) return null
  return first.sha256 === second.sha256 ? 'equal' : 'different'
}

export type CheckDuty =
  | { readonly type: 'wait' }
  /** Read what that purchase of the job has printed. */
  | { readonly type: 'read'; readonly job: string; readonly purchase: Purchase }
  /** Have it run by somebody who has not had it yet, for no more than that. */
  | { readonly type: 'run-again'; readonly except: readonly NodeId[]; readonly maxTotal: MicroMolt }
  | { readonly type: 'give-up'; readonly why: string }

/** `first` is the job itself, `second` the one that runs it again; null where there is none. */
export function checkDuty(check: Check, first: Job | null, second: Job | null): CheckDuty {
  if (check.verdict !== null) return { type: 'wait' }
  const isRead = (job: string): boolean => check.outputs.some((output) => output.job === job)
  if (first === null) return { type: 'give-up', why: 'the job is not known any more' }
  if (!isRead(first.id)) return readDuty(first, 'the job')
  if (check.again !== null) return second === null ? gone : readDuty(second, 'the second run')
  const { most } = costOfJob(first)
  const except = first.buy.purchases.map(({ terms }) => terms.provider)
  return { type: 'run-again', except, maxTotal: check.budget > most ? check.budget - most : 0n }
}

const gone: CheckDuty = { type: 'give-up', why: 'the second run is not known any more' }

function readDuty(job: Job, what: string): CheckDuty {
  const present = presentOf(job)
  // Work that was cut off has not printed all that it would have.
  if (present?.why === 'completed') return { type: 'read', job: job.id, purchase: present }
  if (isJobOver(job))
    return {
      type: 'give-up',
      why: `${what} did not come to its end: ${present?.why ?? job.buy.why ?? 'nobody ran it'}`,
    }
  return { type: 'wait' }
}

/** What it says of both providers. */
export function findingsOf({ id, outputs, verdict }: Check, at: Instant): readonly Finding[] {
  const [first, second] = outputs
  if (first === undefined || second === undefined || verdict === null || verdict === 'unclear') return []
  const kind = verdict === 'equal' ? 're-executed' : 'differs'
  const about = (own: Output, other: Output): string =>
    verdict === 'equal'
      ? `${other.provider} has printed the same`
      : `it printed ${shown(own)}, ${other.provider} ${shown(other)}`
  return [
    { provider: first.provider, kind, at, job: id, about: about(first, second) },
    { provider: second.provider, kind, at, job: id, about: about(second, first) },
  ]
}

const shown = ({ sha256, bytes }: Output): string => `${bytes} bytes with the digest ${sha256.slice(0, 16)}…`
