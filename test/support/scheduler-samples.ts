/** Nodes as the scheduler sees them. */
import type { NodeSnapshot } from '../../src/core/scheduler/types.ts'
import { openSince } from '../../src/core/state/members.ts'
import type { NodeId } from '../../src/model/ids.ts'
import type { NodeInventory } from '../../src/model/node.ts'
import { inventory } from './control-samples.ts'

/** An idle node with so many H100s. */
export function nodeSnapshot(
  id: NodeId,
  gpus: number,
  { has, ...parts }: Partial<NodeSnapshot> & { readonly has?: Partial<NodeInventory> } = {},
): NodeSnapshot {
  return {
    id,
    name: id,
    labels: {},
    liveness: 'alive',
    inventory: inventory(id, gpus, has),
    held: new Set(),
    failed: new Set(),
    hot: new Set(),
    ...openSince(0),
    diskFreeMib: 100_000,
    residents: [],
    usage: { cpuMillis: 0, memoryMib: 0, placements: 0 },
    ...parts,
  }
}
