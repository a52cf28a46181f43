/** The steps of a workload's life. Every change of a workload goes through `change`, which keeps the indexes right. */
import type { Facts, FailureCode } from '../../model/failure.ts'
import { ClawError } from '../../model/failure.ts'
import type { StopRequest, Workload, WorkloadError, WorkloadState } from '../../model/workload.ts'
import { reindex } from './holdings.ts'
import { countRun } from './job-steps.ts'
import type { Step } from './step.ts'
import { emit } from './step.ts'

/** Replaces parts of a workload. */
export function change({ state, changes }: Step, before: Workload, parts: Partial<Workload>): Workload {
  const after: Workload = { ...before, ...parts }
  state.workloads.set(after.id, after)
  reindex(state, before, after)
  changes.push({ type: 'workload', workload: after.id })
  return after
}

/** Back into the queue. The attempt number stays used, so that the placement that ended can never be claimed. */
export function unplace(step: Step, workload: Workload): Workload {
  return change(step, workload, { state: 'pending', placement: null, progress: null })
}

export interface End {
  readonly state: Extract<WorkloadState, 'completed' | 'failed' | 'stopped'>
  readonly endedAt: number
  readonly exitCode: number | null
  readonly error: WorkloadError | null
}

export function end(step: Step, workload: Workload, { state, endedAt, exitCode, error }: End): Workload {
  const ended = change(step, workload, { state, endedAt, exitCode, error, progress: null })
  emit(step, {
    type: `workload.${state}`,
    node: workload.placement?.node ?? null,
    workload: workload.id,
    message: error === null ? `${workload.name} ${state}` : `${workload.name} ${state}: ${error.message}`,
  })
  countRun(step, ended)
  return ended
}

/**
 * What no node has claimed ends at once; the rest ends when its node says so. A second request can only add force. `because` says why it
 * fails with its gang; null when somebody asked for its end.
 */
export function askToStop(
  step: Step,
  workload: Workload,
  { by, force, because, reason }: Omit<StopRequest, 'at'>,
): void {
  const { at } = step
  const earlier = workload.stopRequested
  const asked = { at, by, force, because, ...(reason !== undefined && { reason }) }
  const stopRequested = earlier === null ? asked : { ...earlier, force: earlier.force || force }
  if (workload.placement?.state !== 'claimed') {
    endAsAsked(step, change(step, workload, { stopRequested }), { endedAt: at, exitCode: null, error: null })
    return
  }
  change(step, workload, { stopRequested, state: 'stopping' })
  if (earlier === null)
    emit(step, {
      type: 'workload.stopping',
      node: workload.placement.node,
      workload: workload.id,
      message: `${workload.name} is to stop, ${because ?? `says ${by}`}${reason === undefined ? '' : `: ${reason}`}`,
    })
}

/** Most programs exit with a code of their own or with 143 when they are told to stop. */
export function endAsAsked(step: Step, workload: Workload, { endedAt, exitCode, error }: Omit<End, 'state'>): void {
  const because = workload.stopRequested?.because ?? null
  const isOrdinary = error === null || error.code === 'NONZERO_EXIT'
  const failure = isOrdinary ? (because === null ? null : asData('GANG_FAILED', { reason: because })) : error
  end(step, workload, { endedAt, exitCode, error: failure, state: failure === null ? 'stopped' : 'failed' })
}

const asData = <C extends FailureCode>(code: C, facts: Facts<C>): WorkloadError => ({
  code,
  message: new ClawError(code, facts).message,
})

/** Ends a workload with an expected failure that the mesh itself found. */
export function fail<C extends FailureCode>(
  step: Step,
  workload: Workload,
  { code, facts }: { readonly code: C; readonly facts: Facts<C> },
): Workload {
  return end(step, workload, { state: 'failed', endedAt: step.at, exitCode: null, error: asData(code, facts) })
}
