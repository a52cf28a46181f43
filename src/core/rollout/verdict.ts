/** Whether a rollout has failed, and why; and how long to wait before what failed is tried again. */
import type { Rollout } from '../../model/deployment.ts'
import type { Instant, Millis } from '../../model/time.ts'
import { hour } from '../../model/time.ts'
import type { Workload } from '../../model/workload.ts'
import type { Replica } from './census.ts'
import { canaryCount, countReady } from './census.ts'
import type { RolloutView } from './types.ts'

export interface Verdict {
  readonly reason: string
  /** What is there serves badly: it must get no more requests. */
  readonly isUrgent: boolean
}

/** Null while there is nothing to be said against it. */
export function failureOf(view: RolloutView, rollout: Rollout): Verdict | null {
  if (rollout.failure !== null) return null
  const gates = gatesBroken(view)
  if (gates !== null) return { reason: gates, isUrgent: true }
  const reason = tooManyFailures(view, rollout) ?? tooSlow(view, rollout)
  return reason === null ? null : { reason, isUrgent: false }
}

function gatesBroken({ deployment, measured, settings }: RolloutView): string | null {
  const { gates, target, traffic } = deployment
  const isServing = traffic.some(({ revision, weight }) => revision === target && weight > 0)
  if (gates === null || measured === null || !isServing || measured.requests < settings.fewestRequests) return null
  const { requests, errors, p99Ms } = measured
  const rate = errors / requests
  if (gates.errorRate !== undefined && rate > gates.errorRate)
    return `${percent(rate)} of ${requests} requests to revision ${target} failed, and ${percent(gates.errorRate)} may`
  if (gates.p99Ms !== undefined && p99Ms !== null && p99Ms > gates.p99Ms)
    return `revision ${target} took ${Math.round(p99Ms)} ms for the slowest hundredth of its requests, and may take ${gates.p99Ms} ms`
  return null
}

const percent = (share: number): string => `${Math.round(share * 1_000) / 10} %`

/** Ended by itself, or tried again by its own restart policy. */
function tooManyFailures({ deployment, census, settings }: RolloutView, { startedAt }: Rollout): string | null {
  const { target, replicas } = deployment
  const failed = census.failed.filter(({ owner, endedAt }) => owner?.revision === target && (endedAt ?? 0) >= startedAt)
  const restarts = census.live
    .filter(({ revision, submittedAt }) => revision === target && submittedAt >= startedAt)
    .reduce((sum, { workload }) => sum + workload.retries, 0)
  const count = failed.length + restarts
  if (count < Math.max(settings.failures, Math.ceil(replicas / 5))) return null
  const last = failed.toSorted((a, b) => (a.endedAt ?? 0) - (b.endedAt ?? 0)).at(-1)
  const detail = last === undefined ? '' : `; the last was ${last.name}: ${howItEnded(last)}`
  return `replicas of revision ${target} failed ${count} times${detail}`
}

export const howItEnded = ({ error, exitCode }: Workload): string =>
  error?.message.replace(/\.$/, '') ?? `it ended with exit code ${exitCode ?? 'unknown'}`

function tooSlow({ deployment, census, at }: RolloutView, rollout: Rollout): string | null {
  const { target, replicas, progressDeadlineMs, strategy, gates } = deployment
  if (rollout.stage === 'canary' || rollout.stage === 'switched') return null
  if (at - rollout.progressAt <= progressDeadlineMs + (gates?.forMs ?? 0)) return null
  const ours = census.live.filter(({ revision }) => revision === target)
  const isCanary = strategy.type === 'canary' && rollout.stage === 'starting' && rollout.kind === 'update'
  const wanted = isCanary && deployment.stable !== null ? canaryCount(deployment) : replicas
  const ready = countReady(ours)
  if (ready >= wanted) return null
  const waiting = ours.find((one) => !one.isAvailable)
  const detail = waiting === undefined ? '' : `; ${waiting.name} ${whatHolds(waiting)}`
  return `only ${ready} of ${wanted} replicas of revision ${target} got ready, and for ${inWords(progressDeadlineMs)} none more${detail}`
}

function whatHolds({ isReady, workload: { state, progress, unreadyReason } }: Replica): string {
  if (state === 'running' && isReady) return 'has not been ready for long enough'
  if (state === 'running') return `is not ready${unreadyReason === undefined ? '' : `: ${unreadyReason}`}`
  return progress === null ? `is ${state}` : `is ${state}: ${progress}`
}

export const inWords = (span: Millis): string =>
  span % 60_000 === 0 ? `${span / 60_000} min` : `${Math.round(span / 100) / 10} s`

/** Before then no replica of the revision is started again. */
export function startsAgainAt({ deployment, census, at, settings }: RolloutView, revision: number): Instant {
  const recent = census.failed.filter(
    ({ owner, endedAt, startedAt }) =>
      owner?.revision === revision &&
      endedAt !== null &&
      endedAt > at - hour &&
      (startedAt === null || endedAt - startedAt < settings.steady),
  )
  if (recent.length === 0) return 0
  const last = Math.max(...recent.map(({ endedAt }) => endedAt ?? 0))
  const rounds = Math.ceil(recent.length / Math.max(1, deployment.replicas))
  return last + Math.min(settings.backoff * 2 ** Math.min(rounds - 1, 20), settings.longestBackoff)
}
