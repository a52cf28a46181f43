/** Who is there, and how they are: the failure detector's word and each node's own, put together. */
import type { DetectorSettings } from '../../core/membership/detector-settings.ts'
import type { MeshId, NodeId } from '../../model/ids.ts'
import type { NodeReport, ReportContent } from '../../model/report.ts'
import type { Instant, Millis } from '../../model/time.ts'
import type { Cancel, Clock } from '../../ports/clock.ts'
import type { Gossip } from '../../ports/gossip.ts'
import type { Log } from '../../ports/log.ts'
import type { Metrics } from '../../ports/metrics.ts'
import type { Peers } from '../../ports/peers.ts'
import type { Random } from '../../ports/random.ts'
import type { Rpc, Unsubscribe } from '../../ports/rpc.ts'
import type { Service } from '../../ports/service.ts'
import type { Signer, Verifier } from '../../ports/signer.ts'
import { LivenessWatch } from './liveness.ts'
import type { ReportsSettings } from './reports.ts'
import { Reports } from './reports.ts'
import type { Membership, PeerView } from './types.ts'

export interface MembershipDeps {
  readonly clock: Clock
  readonly random: Random
  readonly rpc: Pick<Rpc, 'call' | 'serve' | 'notify' | 'onNotice'>
  readonly gossip: Gossip
  readonly peers: Pick<Peers, 'self' | 'up' | 'onChange'>
  readonly signer: Signer
  readonly verifier: Pick<Verifier, 'verify'>
  readonly log: Log
  readonly metrics: Metrics
  readonly meshId: MeshId
  /** The members as the replicated state has them, this node included. Nobody else is listened to. */
  readonly members: () => Iterable<NodeId>
  readonly onMembers: (listener: () => void) => Unsubscribe
  /** How this node is right now. Does not throw for what hardware does. */
  readonly sample: () => Promise<ReportContent>
}

export interface MembershipSettings {
  readonly detector?: Partial<DetectorSettings>
  readonly reports?: Partial<ReportsSettings>
}

const overdueEvery: Millis = 5_000
const freshFor: Millis = 20_000

export class MembershipService implements Membership, Service {
  readonly name = 'membership'
  readonly #deps: MembershipDeps
  readonly #liveness: LivenessWatch
  readonly #reports: Reports
  readonly #listeners = new Set<(view: PeerView) => void>()
  #members: ReadonlySet<NodeId> = new Set()
  #startedAt: Instant = 0
  #unsubscribe: Unsubscribe = () => {}
  #alarm: Cancel = () => {}

  constructor(deps: MembershipDeps, settings: MembershipSettings = {}) {
    this.#deps = deps
    const members = (): ReadonlySet<NodeId> => this.#members
    this.#liveness = new LivenessWatch(
      { ...deps, members, onChange: (peer) => this.#tell(peer) },
      settings.detector ?? {},
    )
    this.#reports = new Reports(
      {
        ...deps,
        log: deps.log.child('membership'),
        members,
        onReport: (report) => this.#reported(report),
      },
      settings.reports ?? {},
    )
  }

  start(): Promise<void> {
    const { clock, onMembers } = this.#deps
    this.#startedAt = clock.now()
    this.#members = new Set(this.#deps.members())
    this.#liveness.start(this.#startedAt)
    this.#reports.start(this.#startedAt)
    this.#unsubscribe = onMembers(() => this.#membersChanged())
    this.#lookForOverdue()
    return Promise.resolve()
  }

  /** Tells the others that this node leaves, so that they need not find out. */
  stop(): Promise<void> {
    this.#alarm()
    this.#unsubscribe()
    this.#reports.stop()
    this.#liveness.stop()
    return Promise.resolve()
  }

  /** Something has changed on this node that others should know soon, such as a device given out. */
  refresh(): void {
    this.#reports.refresh()
  }

  /** Of a node that is no member: lost, and nothing more. */
  view(node: NodeId): PeerView {
    const { clock, peers } = this.#deps
    const report = this.#reports.report(node)
    if (node === peers.self) {
      const receivedAt = report?.at ?? null
      return {
        node,
        liveness: 'alive',
        since: this.#startedAt,
        lastSeen: clock.now(),
        roundTrip: 0,
        report,
        receivedAt,
      }
    }
    const peer = this.#liveness.peer(node)
    if (peer === undefined)
      return { node, liveness: 'lost', since: 0, lastSeen: null, roundTrip: null, report: null, receivedAt: null }
    const receivedAt = this.#reports.receivedAt(node)
    const heardAt = peer.lastHeard === null ? null : this.#wallClock(peer.lastHeard)
    const reportedAt = report === null ? null : Math.min(report.at, clock.now())
    return {
      node,
      liveness: peer.liveness,
      since: this.#wallClock(peer.since),
      lastSeen: heardAt === null ? reportedAt : Math.max(heardAt, reportedAt ?? 0),
      roundTrip: peer.roundTrip,
      report,
      receivedAt: receivedAt === null ? null : this.#wallClock(receivedAt),
    }
  }

  views(): readonly PeerView[] {
    return Array.from(this.#members, (node) => this.view(node))
  }

  onChange(listener: (view: PeerView) => void): Unsubscribe {
    this.#listeners.add(listener)
    return () => {
      this.#listeners.delete(listener)
    }
  }

  #membersChanged(): void {
    this.#members = new Set(this.#deps.members())
    this.#liveness.membersChanged()
    this.#reports.membersChanged()
  }

  /** A report that was made just now shows that its node lives. */
  #reported({ node, incarnation, at }: NodeReport): void {
    if (this.#deps.clock.now() - at < freshFor) this.#liveness.take({ type: 'vouched', peer: node, incarnation })
    this.#tell(node)
  }

  #lookForOverdue(): void {
    this.#alarm = this.#deps.clock.after(overdueEvery, () => {
      for (const peer of this.#reports.overdue()) this.#liveness.take({ type: 'doubt', peer })
      this.#lookForOverdue()
    })
  }

  #tell(node: NodeId): void {
    if (!this.#members.has(node) || this.#listeners.size === 0) return
    const view = this.view(node)
    for (const listener of this.#listeners) listener(view)
  }

  #wallClock(elapsed: Millis): Instant {
    const { clock } = this.#deps
    return Math.round(clock.now() - (clock.elapsed() - elapsed))
  }
}
