/** Nodes as the scheduler sees them. */
import type { NodeSnapshot, Snapshot } from '../../src/core/scheduler/types.ts'
import { openSince } from '../../src/core/state/members.ts'
import { unborn } from '../../src/core/state/workloads.ts'
import type { NodeId } from '../../src/model/ids.ts'
import { nodeId, workloadId } from '../../src/model/ids.ts'
import type { NodeInventory } from '../../src/model/node.ts'
import type { Workload } from '../../src/model/workload.ts'
import { inventory, spec } from './control-samples.ts'

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
    shared: new Map(),
    failed: new Set(),
    hot: new Set(),
    ...openSince(0),
    diskFreeMib: 100_000,
    residents: [],
    groups: new Set(),
    usage: { cpuMillis: 0, memoryMib: 0, placements: 0 },
    ...parts,
  }
}

/** The same by name. */
export const node = (name: string, gpus: number, parts: Parameters<typeof nodeSnapshot>[2] = {}): NodeSnapshot =>
  nodeSnapshot(nodeId(name), gpus, parts)

/** Waits, and has never been anywhere. */
export const work = (id: string, wanted: Record<string, unknown> = {}, parts: Partial<Workload> = {}): Workload => ({
  ...unborn,
  id: workloadId(id),
  name: id,
  spec: spec(wanted),
  submittedBy: 'socket',
  submittedAt: 1_000,
  ...parts,
})

/** Nobody waits for anybody. */
export const quiet: Omit<Snapshot, 'at' | 'nodes' | 'pending'> = {
  ...{ blocked: new Map(), accounts: new Map(), placedParts: new Map(), reservations: new Map() },
  ...{ images: new Map(), kin: new Map() },
}
