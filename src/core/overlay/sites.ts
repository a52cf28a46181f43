/** The overlay's nodes as its topology sees them, from what the mesh knows of them. */
import type { OverlayNode } from '../../model/overlay.ts'
import { hubLabel } from '../../model/overlay.ts'
import type { MeshState } from '../state/types.ts'
import type { Site } from './topology.ts'

/** One and the same state of the mesh: it goes on while an interface is set up. */
export type Known = Pick<MeshState, 'members' | 'sealedKeys' | 'liveness' | 'overlay'>

/** Those that have a lane of this generation. */
export function sitesOf(state: Known, generation: number): readonly Site[] {
  return Array.from(state.overlay?.nodes.values() ?? [])
    .filter((one) => laneOf(one, generation) !== undefined && state.members.has(one.node))
    .map((one) => ({
      node: one.node,
      slot: one.slot,
      isBehindNat: one.isBehindNat,
      isManaged: one.isManaged,
      isUp: isUp(state, one),
      detours: one.detours ?? [],
      hub: fitness(state, one),
    }))
}

export const laneOf = ({ lanes }: Pick<OverlayNode, 'lanes'>, generation: number) =>
  lanes.find((lane) => lane.generation === generation)

function isUp({ liveness }: Known, { node }: OverlayNode): boolean {
  const seen = liveness.get(node)
  return seen !== 'lost' && seen !== 'left'
}

/** Those that hold the key of the mesh may lead it, and are up most of the time. */
function fitness({ members, sealedKeys }: Known, { node }: OverlayNode): Site['hub'] {
  const label = members.get(node)?.labels[hubLabel]
  if (label !== undefined && label !== 'false') return 'chosen'
  return sealedKeys.has(node) ? 'able' : 'no'
}
