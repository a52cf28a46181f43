/** What a node says of itself: the part of the mesh's knowledge that changes by the second and is never replicated. */
import type { GpuSample } from './gpu.ts'
import type { NodeId } from './ids.ts'
import type { Instant } from './time.ts'

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
  readonly host: HostLoad
  readonly problems: readonly string[]
  readonly version: string
  /** It has stopped to follow the mesh until it is upgraded: it goes on with its work, but can take no other. */
  readonly isOutdated?: true
}

export interface HostLoad {
  /** 0 to 100, of all cores together. */
  readonly cpuUtilization: number
  readonly memoryUsedMib: number
  readonly memoryTotalMib: number
  readonly diskFreeMib: number
}

/** What the node itself has to say; who says it, when and in which order is added by the membership plane. */
export type ReportContent = Omit<NodeReport, 'node' | 'incarnation' | 'sequence' | 'at'>

/** Which report is the newer one: incarnation first, then sequence. */
export type ReportVersion = Pick<NodeReport, 'incarnation' | 'sequence'>

/** Positive when `a` is newer than `b`, zero when they are the same. */
export const compareVersions = (a: ReportVersion, b: ReportVersion): number =>
  a.incarnation - b.incarnation || a.sequence - b.sequence
