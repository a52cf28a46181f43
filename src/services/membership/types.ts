/** The membership plane as the rest of a peer sees it: who is there, and how they are. */
import type { GpuSample } from '../../model/gpu.ts'
import type { NodeId } from '../../model/ids.ts'
import type { Liveness } from '../../model/node.ts'
import type { Instant, Millis } from '../../model/time.ts'
import type { HostSample } from '../../ports/probe.ts'
import type { Unsubscribe } from '../../ports/rpc.ts'

/** What a node said of itself last. */
export interface NodeReport {
  readonly node: NodeId
  /** When the node's daemon started; a restarted node's reports follow the old ones. */
  readonly incarnation: number
  /** Rises with every report of one incarnation. */
  readonly sequence: number
  readonly at: Instant
  /** `warning` or `failed` devices make a node unhealthy. */
  readonly gpus: readonly GpuSample[]
  /** Uuids of the devices that its own ledger has given out. */
  readonly busy: readonly string[]
  readonly host: Pick<HostSample, 'cpuUtilization' | 'memoryUsedMib' | 'memoryTotalMib' | 'diskFreeMib'>
  readonly problems: readonly string[]
  readonly version: string
}

export interface PeerView {
  readonly node: NodeId
  readonly liveness: Liveness
  /** Since when it has that liveness, by this peer's clock. */
  readonly since: Instant
  /** When this peer last heard from it, directly or in a report. */
  readonly lastSeen: Instant | null
  readonly roundTrip: Millis | null
  readonly report: NodeReport | null
}

export interface Membership {
  view(node: NodeId): PeerView
  views(): readonly PeerView[]
  onChange(listener: (view: PeerView) => void): Unsubscribe
}
