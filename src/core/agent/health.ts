/**
 * What the probes of one placement have found so far: which is to be asked next, and what follows from the answers. Schedules count on the
 * steady clock; what is told to the mesh carries the time of day.
 */
import type { Health, Probe, ProbeKind } from '../../model/probe.ts'
import { probeKinds } from '../../model/probe.ts'
import type { Instant, Millis } from '../../model/time.ts'
import { minute } from '../../model/time.ts'

export type Answer =
  | { readonly verdict: 'well' }
  | { readonly verdict: 'unwell'; readonly detail: string }
  /** Nobody can say: the engine does not answer, or this process was held up while it waited. */
  | { readonly verdict: 'unclear' }

interface Streak {
  readonly dueAt: Millis
  readonly isAsked: boolean
  /** Of the same answer, in a row. */
  readonly well: number
  readonly unwell: number
  /** What the row has come to; null before there was one that is long enough. */
  readonly verdict: 'well' | 'unwell' | null
  readonly detail: string
}

/** What is told of it. */
export interface Opinion {
  /** Null while nothing can be said, and for what is asked for its life only. */
  readonly ready: boolean | null
  readonly reason: string | null
  readonly since: Instant
  /** Why it has to be ended; null while it need not be. */
  readonly fatal: string | null
}

export interface HealthState {
  readonly probes: ReadonlyMap<ProbeKind, Streak>
  readonly opinion: Opinion
}

export interface Moment {
  readonly now: Instant
  readonly elapsed: Millis
}

/** What the mesh knows of it already: an earlier daemon's word. */
export interface Known {
  readonly ready?: boolean
  readonly unreadyReason?: string
  readonly readySince?: Instant
}

/** Before an answer that says nothing is asked for again. */
const unclearPause: Millis = 1_000
/** Another reason for the same state is news no more often. */
const reasonPause: Millis = minute

export function beginHealth(health: Health, known: Known & { readonly startedAt: Instant }, at: Moment): HealthState {
  const { ready = null, unreadyReason = null, readySince = at.now, startedAt } = known
  const hasStarted = ready === true || unreadyReason?.startsWith('readiness') === true
  const streak = (kind: ProbeKind, { delayMs }: Probe): Streak => ({
    ...{ dueAt: at.elapsed + Math.max(0, startedAt + delayMs - at.now), isAsked: false, well: 0, unwell: 0 },
    verdict: verdictKnown(kind, { ready, hasStarted }),
    detail: 'it has not answered yet',
  })
  const probes = probeKinds.flatMap((kind) => {
    const probe = health[kind]
    return probe === undefined ? [] : [[kind, streak(kind, probe)] as const]
  })
  return { probes: new Map(probes), opinion: { ready, reason: unreadyReason, since: readySince, fatal: null } }
}

function verdictKnown(
  kind: ProbeKind,
  { ready, hasStarted }: { readonly ready: boolean | null; readonly hasStarted: boolean },
): Streak['verdict'] {
  if (kind === 'startup') return hasStarted ? 'well' : null
  if (kind === 'liveness' || ready === null || !hasStarted) return null
  return ready ? 'well' : 'unwell'
}

/** Probes that are to be asked, now or later, and from when on. Nothing is asked any more of what is to be ended. */
export function schedule({
  probes,
  opinion,
}: HealthState): readonly { readonly kind: ProbeKind; readonly at: Millis }[] {
  if (opinion.fatal !== null) return []
  const isUp = hasStartedUp(probes)
  return [...probes]
    .filter(([kind, { isAsked }]) => !isAsked && (kind === 'startup' ? !isUp : isUp))
    .map(([kind, { dueAt }]) => ({ kind, at: dueAt }))
}

const hasStartedUp = (probes: HealthState['probes']): boolean =>
  probes.get('startup') === undefined || probes.get('startup')?.verdict === 'well'

export const asked = (state: HealthState, kind: ProbeKind): HealthState => withStreak(state, kind, { isAsked: true })

export interface Answered {
  readonly kind: ProbeKind
  readonly answer: Answer
  /** When it was asked, on the steady clock. */
  readonly askedAt: Millis
  readonly at: Moment
}

export function answered(state: HealthState, health: Health, { kind, answer, askedAt, at }: Answered): HealthState {
  const probe = health[kind]
  const before = state.probes.get(kind)
  if (probe === undefined || before === undefined) return state
  const pause = answer.verdict === 'unclear' ? Math.min(unclearPause, probe.everyMs) : probe.everyMs
  const counted = count(before, probe, answer)
  const after = withStreak(state, kind, {
    ...counted,
    isAsked: false,
    dueAt: Math.max(at.elapsed, (answer.verdict === 'unclear' ? at.elapsed : askedAt) + pause),
  })
  return { ...after, opinion: opinionOf(after, kind, at.now) }
}

function count(before: Streak, { failures, successes }: Probe, answer: Answer): Streak {
  switch (answer.verdict) {
    case 'unclear':
      return before
    case 'well': {
      const well = before.well + 1
      return { ...before, well, unwell: 0, verdict: well >= successes ? 'well' : before.verdict }
    }
    case 'unwell': {
      const unwell = before.unwell + 1
      const verdict = unwell >= failures ? 'unwell' : before.verdict
      return { ...before, unwell, well: 0, verdict, detail: answer.detail }
    }
  }
}

function opinionOf({ probes, opinion }: HealthState, kind: ProbeKind, now: Instant): Opinion {
  const streak = probes.get(kind)
  if (kind !== 'readiness' && streak?.verdict === 'unwell') return { ...opinion, fatal: `${kind}: ${streak.detail}` }
  if (kind === 'liveness' || streak === undefined) return opinion
  const readiness = probes.get('readiness')
  const isUp = hasStartedUp(probes)
  const ready = isUp && (readiness === undefined || readiness.verdict === 'well')
  // With a readiness probe that has still to be asked, nothing new can be said.
  const isOpen = kind === 'startup' && isUp && readiness !== undefined
  if (isOpen || (streak.well === 0 && streak.unwell === 0)) return opinion
  const reason = ready ? null : `${kind}: ${streak.detail}`
  const isNews = ready !== opinion.ready || (reason !== opinion.reason && now - opinion.since >= reasonPause)
  return isNews ? { ...opinion, ready, reason, since: now } : opinion
}

function withStreak(state: HealthState, kind: ProbeKind, parts: Partial<Streak>): HealthState {
  const before = state.probes.get(kind)
  if (before === undefined) return state
  return { ...state, probes: new Map(state.probes).set(kind, { ...before, ...parts }) }
}
