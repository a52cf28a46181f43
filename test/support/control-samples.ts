/** Ready-made members, inventories and commands for tests of the control plane. */
import { createState } from '../../src/core/state/state.ts'
import type { State } from '../../src/core/state/state.ts'
import { apply } from '../../src/core/state/apply.ts'
import type { Applied } from '../../src/core/state/apply.ts'
import type { Command, Entry, NewMember } from '../../src/core/state/types.ts'
import type { GpuDevice } from '../../src/model/gpu.ts'
import type { NodeId } from '../../src/model/ids.ts'
import { meshId, nodeId, workloadId } from '../../src/model/ids.ts'
import type { NodeInventory } from '../../src/model/node.ts'
import { WorkloadSpec } from '../../src/model/workload.ts'
import { gpuDevice } from './gpu-device.ts'

export const ada = nodeId('ada')
export const bob = nodeId('bob')
export const cyd = nodeId('cyd')

export const newMember = (id: NodeId, parts: Partial<NewMember> = {}): NewMember => ({
  id,
  name: id,
  labels: {},
  roles: ['member'],
  addresses: [`/ip4/10.0.0.1/tcp/4710/p2p/${id}`],
  sealKey: 'c2VhbA==',
  ...parts,
})

export const gpu = (node: NodeId, index: number, parts: Partial<GpuDevice> = {}): GpuDevice =>
  gpuDevice({ index, uuid: `GPU-${node}-${index}`, ...parts })

export const inventory = (node: NodeId, gpus: number, parts: Partial<NodeInventory> = {}): NodeInventory => ({
  hostname: node,
  os: 'Linux',
  kernel: '6.12',
  arch: 'x64',
  cpuModel: 'Test CPU',
  cpuCores: 32,
  memoryMib: 262_144,
  diskMib: 1_000_000,
  gpus: Array.from({ length: gpus }, (_, index) => gpu(node, index)),
  links: [],
  executors: ['docker', 'process'],
  versions: { clawnode: '0.1.0' },
  ...parts,
})

export const spec = (parts: Record<string, unknown> = {}): WorkloadSpec =>
  WorkloadSpec.parse({ image: 'busybox:1.36', ...parts })

export const found = (founder: NodeId = ada): Command => ({
  type: 'found',
  id: meshId('mesh-0123'),
  genesis: { name: 'lab', publicKey: 'a2V5', founder, createdAt: 1_000 },
  founder: newMember(founder),
  sealedKey: 'c2VhbGVk',
})

export const token = (id: string, notAfter = 1_000_000): Command => ({
  type: 'create-token',
  token: { id, secretHash: `hash-${id}`, roles: ['member'], labels: {}, notAfter, createdBy: 'socket' },
})

export const admit = (tokenId: string, member: NewMember): Command => ({
  type: 'admit',
  tokenId,
  secretHash: `hash-${tokenId}`,
  member,
})

export const submit = (id: string, parts: Record<string, unknown> = {}, name = id): Command => ({
  type: 'submit',
  workload: workloadId(id),
  name,
  spec: spec(parts),
})

/** A state with a log that grows by itself: every command gets the next index and a fresh id. */
export class Book {
  readonly state: State
  readonly entries: Entry[] = []
  term = 1

  constructor(state: State = createState()) {
    this.state = state
  }

  run(command: Command, parts: Partial<Omit<Entry, 'command'>> = {}): Applied {
    const index = this.state.index + 1
    const entry: Entry = { id: `e${index}`, at: 1_000 + index, by: 'socket', via: null, ...parts, command }
    this.entries.push(entry)
    return apply(this.state, entry, { index, term: this.term })
  }
}

/** A mesh of these nodes, the first its founder, each with so many H100s. */
export function meshOf(nodes: readonly NodeId[], gpus = 2): Book {
  const book = new Book()
  for (const [i, node] of nodes.entries()) {
    if (i === 0) book.run(found(node))
    else {
      book.run(token(`t-${node}`))
      book.run(admit(`t-${node}`, newMember(node)))
    }
    book.run({ type: 'report-inventory', node, inventory: inventory(node, gpus) })
  }
  return book
}

/** The code of a refusal, or null when the command was accepted. */
export const refusal = ({ outcome }: Applied): string | null => (outcome.ok ? null : outcome.failure.code)
