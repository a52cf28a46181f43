/** The membership plane as the rest of a peer sees it: who is there, and how they are. */
import type { NodeId } from '../../model/ids.ts'
import type { Liveness } from '../../model/node.ts'
import type { NodeReport } from '../../model/report.ts'
import type { Instant, Millis } from '../../model/time.ts'
import type { Unsubscribe } from '../../ports/rpc.ts'

export type { NodeReport } from '../../model/report.ts'

export interface PeerView {
  readonly node: NodeId
  readonly liveness: Liveness
  /** Since when it has that liveness, by this peer's clock. */
  readonly since: Instant
  /** When this peer last heard from it, directly or in a report. */
  readonly lastSeen: Instant | null
  readonly roundTrip: Millis | null
  readonly report: NodeReport | null
  /** When this peer got that report, by this peer's clock. */
  readonly receivedAt: Instant | null
}

export interface Membership {
  view(node: NodeId): PeerView
  views(): readonly PeerView[]
  onChange(listener: (view: PeerView) => void): Unsubscribe
}
