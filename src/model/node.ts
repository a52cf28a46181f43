/** What the mesh knows about one of its hosts. */
import type { GpuDevice, GpuLink } from './gpu.ts'
import type { NodeId } from './ids.ts'
import type { Taint } from './label.ts'
import type { Instant, Millis } from './time.ts'

export type ExecutorKind = 'docker' | 'process' | 'simulated'

/** What a node is made of. Reported by the node, replicated, and renewed when it changes. */
export interface NodeInventory {
  readonly hostname: string
  readonly os: string
  readonly kernel: string
  readonly arch: string
  readonly cpuModel: string
  readonly cpuCores: number
  readonly memoryMib: number
  readonly diskMib: number
  readonly gpus: readonly GpuDevice[]
  readonly links: readonly GpuLink[]
  readonly executors: readonly ExecutorKind[]
  /** Versions of this daemon and of what it drives, such as `{ clawnode: '0.1.0', docker: '28.2.2' }`. */
  readonly versions: Readonly<Record<string, string>>
  /** Set when its owner lets several workloads share one GPU. */
  readonly sharing?: true
}

/** A host that belongs to the mesh. `epoch` rises with every membership change, so an old certificate can be told apart. */
export interface Member {
  readonly id: NodeId
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly roles: readonly string[]
  readonly epoch: number
  /** Multiaddrs under which the node said it can be dialled. */
  readonly addresses: readonly string[]
  /** X25519 public key, base64, to which secrets for this node are sealed. */
  readonly sealKey: string
  readonly joinedAt: Instant
  readonly taints: readonly Taint[]
  /** Since when the last of them sends away what runs; left out where none does, and where that was before the mesh took note of it. */
  readonly tainted?: Instant
  /** Whether new work may go there. */
  readonly scheduling: Scheduling
  /** `null` until the node has reported itself for the first time. */
  readonly inventory: NodeInventory | null
}

/** `open` takes new work; `cordoned` takes none and keeps what it has; `draining` takes none, and what it has moves away. */
export interface Scheduling {
  readonly mode: 'open' | 'cordoned' | 'draining'
  /** Why, in the words of whoever closed it; empty when nobody said. */
  readonly reason: string
  readonly since: Instant
  /** While draining: from SIGTERM to SIGKILL, null for each workload's own. */
  readonly grace: Millis | null
}

/** What the failure detector says of a peer. `left` is a clean goodbye. */
export type Liveness = 'alive' | 'suspect' | 'lost' | 'left'

/** The word that users see: a node is unhealthy while suspected or with failed devices, offline when lost. */
export type NodeStatus = 'healthy' | 'unhealthy' | 'draining' | 'offline'
