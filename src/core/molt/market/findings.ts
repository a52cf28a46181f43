/**
 * What a buyer has found out itself about those who lend to it. How sure it is of one follows from these findings alone: they are kept in its own
 * book, and nobody else can add to it, least of all the one whom it is about.
 */
import { z } from 'zod'
import { canonicalJson } from '../../../lib/canonical-json.ts'
import { party } from '../../../model/molt-agreement.ts'
import { instant, type Verification } from '../../../model/molt-hardware.ts'
import type { Standing } from './reputation.ts'
import { day, type Instant, type Millis } from '../../../model/time.ts'

/**
 * `re-executed`: another provider has printed the same for the same work. `differs`: another has printed something else; one of the two is wrong.
 * `probed`: it has answered a challenge in time. `probe-failed`: wrongly, or too late.
 */
export const findingKinds = ['re-executed', 'differs', 'probed', 'probe-failed'] as const
export type FindingKind = (typeof findingKinds)[number]

export const Finding = z.strictObject({
  provider: party,
  kind: z.enum(findingKinds),
  at: instant,
  /** Id of the job that has shown it. */
  job: z.string().min(1).max(128),
  /** In words. */
  about: z.string().max(512),
})
export type Finding = z.infer<typeof Finding>

export const findingText = (finding: Finding): string => canonicalJson(finding)
/** Throws for what is none. */
export const findingFrom = (text: string): Finding => Finding.parse(JSON.parse(text))

/** Hosts change hands and hardware: what was found says nothing any more after so long. */
export const validFor: Readonly<Record<FindingKind, Millis>> = {
  're-executed': 30 * day,
  differs: 30 * day,
  probed: 7 * day,
  'probe-failed': 30 * day,
}

/** What is from later than now was written when the clock was ahead: it counts until it is old. */
const isCurrent = ({ kind, at }: Finding, now: Instant): boolean => at > now - validFor[kind]

const isBad = ({ kind }: Finding): boolean => kind === 'differs' || kind === 'probe-failed'

/** Of findings about one provider, oldest first: what it has shown since it was last found wrong. */
export function verificationOf(findings: readonly Finding[], now: Instant): Verification {
  const current = findings.filter((finding) => isCurrent(finding, now))
  const good = current.slice(current.findLastIndex(isBad) + 1)
  if (good.some(({ kind }) => kind === 're-executed')) return 're-executed'
  return good.some(({ kind }) => kind === 'probed') ? 'probed' : 'self-reported'
}

/** In thousandths of a bad deal. Where two differ nobody knows which of them is wrong: each bears half. */
const badness: Readonly<Record<FindingKind, bigint>> = {
  're-executed': 0n,
  differs: 500n,
  probed: 0n,
  'probe-failed': 1_000n,
}

/** What they weigh against a provider, however often it was found wrong: two bad deals at most. */
export function marksAgainst(findings: readonly Finding[], now: Instant): bigint {
  const sum = findings.filter((finding) => isCurrent(finding, now)).reduce((all, { kind }) => all + badness[kind], 0n)
  return sum < 2_000n ? sum : 2_000n
}

/** A standing, with what was found out besides: of whom nothing is known but that is known badly. */
export function markedDown<S extends Standing>(standing: S, against: bigint): S {
  if (against === 0n) return standing
  const { score } = standing
  return { ...standing, score: score === null ? 0 : Math.floor((score * 1_000) / (1_000 + Number(against))) }
}
