/** What the last ruling was made of, as far as work goes: whether a change means another one. */
import type { Endpoint } from '../../core/network-policy/work.ts'
import { endpointOf, endpointsOf, marksOf } from '../../core/network-policy/work.ts'
import { joinsOverlay } from '../../core/overlay/joins.ts'
import type { MeshState } from '../../core/state/types.ts'
import { isSameJson } from '../../lib/canonical-json.ts'
import type { NodeId, WorkloadId } from '../../model/ids.ts'
import type { TaskStatus } from '../../ports/executor.ts'

export interface SeenWork {
  /** Everywhere but here. */
  readonly others: readonly Endpoint[]
  /** Whether the mesh has something else to say of work here, or that was here. */
  isNewHere(workload: WorkloadId): boolean
  /** Whether it has of work elsewhere. */
  isNewElsewhere(workload: WorkloadId): boolean
  /** Whether the tasks of this host have other addresses, or are others. */
  areNewTasks(tasks: readonly TaskStatus[], areAllKnown: boolean): boolean
}

interface Source {
  readonly self: NodeId
  readonly state: MeshState
  readonly tasks: readonly TaskStatus[]
  readonly areAllKnown: boolean
}

export function seenWork({ self, state, tasks, areAllKnown }: Source): SeenWork {
  const others = endpointsOf(state).filter(({ node }) => node !== self)
  const elsewhere = new Map(others.map((one) => [one.workload, one]))
  const here = new Map(Array.from(state.residents.get(self) ?? [], (id) => [id, hereOf(state, self, id)]))
  const told = tasksText(tasks, areAllKnown)
  return {
    others,
    isNewHere: (id) => hereOf(state, self, id) !== (here.get(id) ?? null),
    isNewElsewhere: (id) => !isSameJson(elsewhereOf(state, self, id), elsewhere.get(id) ?? null),
    areNewTasks: (now, areAllKnownNow) => tasksText(now, areAllKnownNow) !== told,
  }
}

function elsewhereOf(state: MeshState, self: NodeId, id: WorkloadId): Endpoint | null {
  const workload = state.workloads.get(id)
  const endpoint = workload === undefined ? null : endpointOf(state, workload, workload.overlayAddress)
  return endpoint === null || endpoint.node === self ? null : endpoint
}

/** Null for work that is not here. */
function hereOf(state: MeshState, self: NodeId, id: WorkloadId): string | null {
  const workload = state.workloads.get(id)
  if (workload?.placement?.node !== self || !(state.residents.get(self)?.has(id) ?? false)) return null
  const { id: placement, executor } = workload.placement
  const hasAddress = endpointOf(state, workload, workload.overlayAddress) !== null
  const address = hasAddress ? workload.overlayAddress : null
  return JSON.stringify([placement, executor, address, joinsOverlay(workload.spec), marksOf(state, workload)])
}

const tasksText = (tasks: readonly TaskStatus[], areAllKnown: boolean): string =>
  JSON.stringify([
    areAllKnown,
    tasks.map(({ placement, status }) => [
      placement,
      status.state,
      'overlayAddress' in status ? status.overlayAddress : null,
    ]),
  ])
