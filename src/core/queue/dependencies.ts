/** Work that starts only when other work is so far. */
import type { WorkloadId } from '../../model/ids.ts'
import type { Dependency, Workload } from '../../model/workload.ts'
import { isTerminal } from '../../model/workload.ts'
import type { MeshState } from '../state/types.ts'

export type Readiness =
  | { readonly state: 'ready' }
  /** `reason` in words, such as `waits for prepare to complete`. */
  | { readonly state: 'waits'; readonly reason: string }
  /** What it waits for can never be so. */
  | { readonly state: 'hopeless'; readonly reason: string }

/** What is not known any more has ended long ago, and stands in nobody's way. */
export function readinessOf({ spec }: Pick<Workload, 'spec'>, { workloads }: Pick<MeshState, 'workloads'>): Readiness {
  const all = (spec.dependencies ?? []).map((dependency) => {
    const other = workloads.get(dependency.workload as WorkloadId)
    return other === undefined ? ready : judge(dependency, other)
  })
  return all.find(({ state }) => state === 'hopeless') ?? all.find(({ state }) => state === 'waits') ?? ready
}

const ready: Readiness = { state: 'ready' }

function judge({ condition }: Dependency, { name, state, startedAt, history }: Workload): Readiness {
  const waits = (what: string): Readiness => ({ state: 'waits', reason: `waits for ${name} to ${what}` })
  switch (condition) {
    case 'after':
      // It ran once already when it is on its way to the next attempt.
      if (startedAt !== null || state === 'completed' || history.some((earlier) => earlier.startedAt !== null))
        return ready
      return isTerminal(state) ? { state: 'hopeless', reason: `${name} ended before it started` } : waits('start')
    case 'afterOk':
      if (state === 'completed') return ready
      if (isTerminal(state)) return { state: 'hopeless', reason: `${name} ${state}` }
      return waits('complete')
    case 'afterAny':
      return isTerminal(state) ? ready : waits('end')
  }
}
