/**
 * Work that ends here and goes on elsewhere: evicted from its node, lost with it, or tried again because it failed. It goes back into
 * the queue and keeps its place in it, and what is over goes into its history.
 */
import type { Instant, Millis } from '../../model/time.ts'
import { minute, second } from '../../model/time.ts'
import type { Attempt, Eviction, Workload } from '../../model/workload.ts'
import { keptOf } from './crowd.ts'
import { change, endAsAsked, unplace } from './lifecycle.ts'
import type { CurrentPlacement } from './placements.ts'
import { currentPlacement } from './placements.ts'
import { limits } from './state.ts'
import type { Step } from './step.ts'
import { accepted, emit, refused } from './step.ts'
import type { CommandOf, Outcome } from './types.ts'

/** What no node has claimed goes back at once. What has been claimed is stopped by its node, and goes back when the node says so. */
export function evict(step: Step, { placement, reason, grace, target, avoid }: CommandOf<'evict'>): Outcome {
  const { at, by } = step
  const workload = currentPlacement(step.state, placement, null)
  if (workload === null) return refused('PLACEMENT_SUPERSEDED', { placement })
  // Whoever asked first is obeyed, but who is in more of a hurry may shorten the grace.
  const earlier = workload.eviction
  if (earlier === null)
    leave(step, workload, { at, by, reason, grace: grace ?? workload.spec.stopGraceMs, target, avoid })
  else if (grace !== null && grace < earlier.grace) change(step, workload, { eviction: { ...earlier, grace } })
  return accepted({ workload: workload.id, placement })
}

/** An end that was asked for comes before any move. */
export function leave(step: Step, workload: CurrentPlacement, eviction: Eviction): void {
  if (workload.stopRequested !== null || workload.eviction !== null) return
  emit(step, {
    type: 'workload.evicted',
    node: workload.placement.node,
    workload: workload.id,
    message: `${workload.name} leaves its node: ${eviction.reason}`,
  })
  if (workload.placement.state === 'placed')
    goBack(step, { ...workload, eviction }, movedAway(eviction.reason, step.at))
  else change(step, workload, { eviction, state: 'stopping' })
}

/** Only what a node has claimed can be lost: the rest is withdrawn. */
export function lose(step: Step, { placement, reason }: CommandOf<'lose'>): Outcome {
  const { state, at } = step
  const workload = currentPlacement(state, placement, null)
  if (workload?.placement.state !== 'claimed') return refused('PLACEMENT_SUPERSEDED', { placement })
  const value = { workload: workload.id, placement }
  // Nobody wants it any more: it must not wait for a place in order to be stopped there.
  if (workload.stopRequested !== null) {
    endAsAsked(step, workload, { endedAt: at, exitCode: null, error: null })
    return accepted(value)
  }
  emit(step, {
    type: 'workload.lost',
    node: workload.placement.node,
    workload: workload.id,
    message: `${workload.name} is placed again: ${reason}`,
  })
  goBack(step, workload, { endedAt: at, exitCode: null, error: null, reason })
  return accepted(value)
}

type Over = Pick<Attempt, 'endedAt' | 'exitCode' | 'error' | 'reason'>

const movedAway = (reason: string, endedAt: Instant): Over => ({ endedAt, exitCode: null, error: null, reason })

/** Back into the queue, where it may have to wait. A node that it is to avoid counts as one that refused it. */
export function goBack(step: Step, workload: CurrentPlacement, over: Over, notBefore: Instant | null = null): void {
  const { placement, startedAt, eviction } = workload
  const { node, attempt } = placement
  const history = [...workload.history, { attempt, node, startedAt, ...over }].slice(
    -keptOf(step.state, limits.attempts),
  )
  const rejections =
    eviction?.avoid === true
      ? [...workload.rejections, { node, attempt, reason: over.reason, at: step.at }].slice(
          -keptOf(step.state, limits.rejections),
        )
      : workload.rejections
  const changed = change(step, withoutAttempt(workload), {
    ...{ history, rejections, notBefore },
    startedAt: null,
    lastCheckpoint: null,
    eviction: null,
    preferredNode: eviction?.target ?? null,
  })
  unplace(step, changed)
}

const healthKeys: readonly string[] = ['ready', 'unreadyReason', 'readySince'] satisfies (keyof Workload)[]

/** The same before its probes have said anything: they speak of one attempt. */
export const withoutHealth = <W extends Workload>(workload: W): W => without(workload, healthKeys)

const attemptKeys: readonly string[] = [...healthKeys, 'overlayAddress' satisfies keyof Workload]

/** The same without what is of one attempt. */
const withoutAttempt = <W extends Workload>(workload: W): W => without(workload, attemptKeys)

function without<W extends Workload>(workload: W, keys: readonly string[]): W {
  const parts = Object.entries(workload).filter(([key]) => !keys.includes(key))
  return Object.fromEntries(parts) as unknown as W
}

/** The same where there is no overlay any more. */
export const withoutAddress = (workload: Workload): Workload => without(workload, ['overlayAddress'])

/** What becomes of a workload that ended although nobody wanted it to. */
export interface Retry {
  readonly number: number
  readonly reason: string
  readonly notBefore: Instant
}

const longestBackoff: Millis = 5 * minute
/** What has run for so long is not in a loop of crashes: its pauses start anew. */
const steadyRun: Millis = 10 * minute

/** Null when it has ended for good. A time limit is the user's own word, and its end no failure to be tried again. */
export function retryOf(
  { spec, retries, startedAt }: Workload,
  { endedAt, error }: Pick<Attempt, 'endedAt' | 'error'>,
  at: Instant,
): Retry | null {
  const { restart } = spec
  if (restart === undefined || error?.code === 'WORKLOAD_TIMEOUT') return null
  const isEndless = restart.policy === 'always'
  if (!isEndless && (error === null || retries >= restart.maxRetries)) return null

  const isSteady = startedAt !== null && endedAt - startedAt >= steadyRun
  const row = isSteady ? 0 : retries
  const number = (isEndless ? row : retries) + 1
  // Whatever pause was asked for: a task that ends at once, again and again, must not keep the mesh busy.
  const first = row === 0 ? restart.backoffMs : Math.max(restart.backoffMs, second)
  const pause = Math.min(first * 2 ** Math.min(row, 20), Math.max(longestBackoff, restart.backoffMs))
  const reason = isEndless ? `restart ${number}` : `retry ${number} of ${restart.maxRetries}`
  return { number, reason, notBefore: at + pause }
}
