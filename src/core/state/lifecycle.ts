/** The steps of a workload's life. Every change of a workload goes through `change`, which keeps the indexes right. */
import type { Facts, FailureCode } from '../../model/failure.ts'
import { ClawError } from '../../model/failure.ts'
import type { Workload, WorkloadError, WorkloadState } from '../../model/workload.ts'
import { reindex } from './holdings.ts'
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
  return ended
}

/** Ends a workload with an expected failure that the mesh itself found. */
export function fail<C extends FailureCode>(
  step: Step,
  workload: Workload,
  { code, facts }: { readonly code: C; readonly facts: Facts<C> },
): Workload {
  const { message } = new ClawError(code, facts)
  return end(step, workload, { state: 'failed', endedAt: step.at, exitCode: null, error: { code, message } })
}
