/** Whom this node may look for, and where: from the state as soon as there is one, before that from what was kept of it. */
import type { MeshState } from '../../core/state/types.ts'
import { type NodeId, nodeId } from '../../model/ids.ts'

export interface KnownMembers {
  members(): Iterable<NodeId>
  addressesOf(node: NodeId): readonly string[]
}

export function knownMembers(kept: readonly string[], state: () => Pick<MeshState, 'members'>): KnownMembers {
  const keptBy = Map.groupBy(kept, (address) => nodeId(/\/p2p\/([^/]+)$/.exec(address)?.[1] ?? ''))
  keptBy.delete(nodeId(''))
  return {
    members() {
      const { members } = state()
      return members.size > 0 ? members.keys() : keptBy.keys()
    },
    addressesOf(node) {
      const told = state().members.get(node)?.addresses ?? []
      return [...new Set([...told, ...(keptBy.get(node) ?? [])])]
    },
  }
}
