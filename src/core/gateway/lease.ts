/**
 * When work on a node that nobody reaches may be placed again. A node that is cut off ends its own `onPartition: stop` work once it has
 * heard of no leader for the lease; the leader waits for longer than that takes.
 */
import type { NodeId, PlacementId } from '../../model/ids.ts'
import type { Liveness } from '../../model/node.ts'
import { type Millis, second } from '../../model/time.ts'
import type { Workload } from '../../model/workload.ts'
import { isTerminal } from '../../model/workload.ts'
import { workloadsAt } from '../state/holdings.ts'
import type { MeshState } from '../state/types.ts'

export const executionLease: Millis = 15 * second

/** What clocks, ticks and the way to a kill add to the lease and the grace. */
const margin: Millis = 10 * second

export interface Loss {
  readonly placement: PlacementId
  readonly reason: string
}

/** Since when, on the leader's steady clock, nodes have been gone, and how. A new leader begins anew, and so waits a full lease. */
export type Silence = ReadonlyMap<NodeId, { readonly since: Millis; readonly how: 'lost' | 'left' }>

export function trackSilence(
  before: Silence,
  members: Iterable<NodeId>,
  observed: (node: NodeId) => Liveness,
  now: Millis,
): Silence {
  return new Map(
    Array.from(members).flatMap((node) => {
      const how = observed(node)
      return how === 'lost' || how === 'left' ? [[node, { since: before.get(node)?.since ?? now, how }]] : []
    }),
  )
}

/** Claimed work that is given up now: at once what may run twice, and after the lease what has surely been stopped. */
export function lossesNow(
  state: Pick<MeshState, 'workloads' | 'residents' | 'members'>,
  silence: Silence,
  now: Millis,
): readonly Loss[] {
  return Array.from(silence, ([node, { since, how }]) => {
    const gone = { how, silentFor: now - since, name: state.members.get(node)?.name ?? node }
    return workloadsAt(state, node)
      .toSorted((a, b) => (a.id < b.id ? -1 : 1))
      .flatMap((workload) => lossOf(workload, gone))
  }).flat()
}

interface Gone {
  readonly how: 'lost' | 'left'
  readonly silentFor: Millis
  readonly name: string
}

function lossOf({ placement, spec, state }: Workload, { how, silentFor, name }: Gone): readonly Loss[] {
  if (placement?.state !== 'claimed' || isTerminal(state) || silentFor < patienceFor(spec, how)) return []
  return [{ placement: placement.id, reason: `${name} was lost` }]
}

/** A daemon that said goodbye has often just been started anew, and its work runs on: it gets the lease to come back. */
function patienceFor({ onPartition, stopGraceMs }: Workload['spec'], how: Gone['how']): Millis {
  switch (onPartition) {
    case 'replace':
      return how === 'left' ? executionLease : 0
    case 'stop':
      return executionLease + stopGraceMs + margin
    case 'continue':
    case undefined:
      return Infinity
  }
}
