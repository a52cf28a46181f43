/**
 * When work on a node that nobody reaches may be placed again. A node that is cut off ends its own `onPartition: stop` work once it has
 * known of no leader for the lease; the leader waits for longer than that takes.
 */
import type { NodeId, PlacementId } from '../../model/ids.ts'
import type { Liveness } from '../../model/node.ts'
import { type Millis, second } from '../../model/time.ts'
import type { Workload } from '../../model/workload.ts'
import { isTerminal } from '../../model/workload.ts'
import type { MeshState } from '../state/types.ts'

export const executionLease: Millis = 15 * second

/** What clocks, ticks and the way to a kill add to the lease and the grace. */
const margin: Millis = 10 * second

export interface Loss {
  readonly placement: PlacementId
  readonly reason: string
}

/**
 * Since when, on the leader's steady clock, it has seen each node lost. A new leader begins anew, and so waits a full lease. A node
 * that said goodbye is as good as lost, but its work may well run on.
 */
export type Silence = ReadonlyMap<NodeId, Millis>

export function trackSilence(
  before: Silence,
  members: Iterable<NodeId>,
  observed: (node: NodeId) => Liveness,
  now: Millis,
): Silence {
  const silent = [...members].filter((node) => ['lost', 'left'].includes(observed(node)))
  return new Map(silent.map((node) => [node, before.get(node) ?? now]))
}

/** Claimed work that is given up now: at once what may run twice, and after the lease what has surely been stopped. */
export function lossesNow(
  { workloads, residents, members }: Pick<MeshState, 'workloads' | 'residents' | 'members'>,
  silence: Silence,
  now: Millis,
): readonly Loss[] {
  return Array.from(silence, ([node, since]) =>
    Array.from(residents.get(node) ?? [], (id) => workloads.get(id))
      .filter((workload) => workload !== undefined)
      .flatMap((workload) => lossOf(workload, { silentFor: now - since, name: members.get(node)?.name ?? node })),
  ).flat()
}

function lossOf(workload: Workload, node: { readonly silentFor: Millis; readonly name: string }): readonly Loss[] {
  const { placement, spec, state } = workload
  if (placement?.state !== 'claimed' || isTerminal(state)) return []
  if (node.silentFor < patienceFor(spec)) return []
  return [{ placement: placement.id, reason: `${node.name} was lost` }]
}

function patienceFor({ onPartition, stopGraceMs }: Workload['spec']): Millis {
  switch (onPartition) {
    case 'replace':
      return 0
    case 'stop':
      return executionLease + stopGraceMs + margin
    case 'continue':
    case undefined:
      return Infinity
  }
}
