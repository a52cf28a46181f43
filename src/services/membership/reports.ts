/** Tells the others how this node fares, and learns how they fare: by gossip in small meshes, by anti-entropy in large ones. */
import type { Admission, CapacityTable } from '../../core/membership/capacity-table.ts'
import { admitReport, keepReport, newCapacityTable, retainMembers } from '../../core/membership/capacity-table.ts'
import type { PublishSettings } from '../../core/membership/publish-rule.ts'
import { heartbeatOf, isSmallMesh, publishDefaults } from '../../core/membership/publish-rule.ts'
import type { MeshId, NodeId } from '../../model/ids.ts'
import type { NodeReport, ReportContent } from '../../model/report.ts'
import type { Millis } from '../../model/time.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Gossip } from '../../ports/gossip.ts'
import type { Log } from '../../ports/log.ts'
import type { Metrics } from '../../ports/metrics.ts'
import type { Peers } from '../../ports/peers.ts'
import type { Random } from '../../ports/random.ts'
import type { Rpc, Unsubscribe } from '../../ports/rpc.ts'
import type { Signer, Verifier } from '../../ports/signer.ts'
import type { SignedReport } from '../../wire/capacity.ts'
import { capacityTag, capacityTopic } from '../../wire/capacity.ts'
import { reportCodec } from '../../wire/report-codec.ts'
import { OwnReport } from './own-report.ts'
import type { ReportSyncSettings } from './report-sync.ts'
import { ReportSync } from './report-sync.ts'

export interface ReportsDeps {
  readonly clock: Clock
  readonly random: Random
  readonly rpc: Pick<Rpc, 'call' | 'serve'>
  readonly gossip: Gossip
  readonly peers: Pick<Peers, 'self' | 'up' | 'onChange'>
  readonly signer: Signer
  readonly verifier: Pick<Verifier, 'verify'>
  readonly log: Log
  readonly metrics: Metrics
  readonly meshId: MeshId
  readonly members: () => ReadonlySet<NodeId>
  readonly sample: () => Promise<ReportContent>
  /** A newer report of a node has come, our own included. */
  readonly onReport: (report: NodeReport) => void
}

export interface ReportsSettings extends PublishSettings, ReportSyncSettings {
  readonly sampleEvery: Millis
}

export const reportsDefaults: ReportsSettings = {
  ...publishDefaults,
  sampleEvery: 2_000,
  syncEverySmall: 10_000,
  syncEveryLarge: 1_000,
  syncEveryPerNode: 3,
  pushEvery: 100,
  pushTo: 3,
}

/** After so many missed heartbeats a node's silence is worth looking after. */
const missedHeartbeats = 3

export class Reports {
  readonly #deps: ReportsDeps
  readonly #settings: ReportsSettings
  readonly #table: CapacityTable = newCapacityTable()
  readonly #receivedAt = new Map<NodeId, Millis>()
  readonly #own: OwnReport
  readonly #sync: ReportSync
  #unsubscribe: Unsubscribe = () => {}

  constructor(deps: ReportsDeps, settings: Partial<ReportsSettings> = {}) {
    this.#deps = deps
    this.#settings = { ...reportsDefaults, ...settings }
    this.#own = new OwnReport(
      { ...deps, self: deps.peers.self, memberCount: () => deps.members().size, publish: (own) => this.#publish(own) },
      this.#settings,
    )
    this.#sync = new ReportSync({
      ...deps,
      table: this.#table,
      take: (reports) => reports.filter((signed) => this.#take(signed, 'sync').verdict === 'accept'),
      settings: this.#settings,
      isSmallMesh: () => this.#isSmall(),
    })
  }

  start(incarnation: number): void {
    this.#unsubscribe = this.#deps.gossip.subscribe(capacityTopic, (signed) => this.#take(signed, 'gossip').verdict)
    this.#sync.start()
    this.#own.start(incarnation)
  }

  stop(): void {
    this.#own.stop()
    this.#sync.stop()
    this.#unsubscribe()
  }

  refresh(): void {
    this.#own.refresh()
  }

  membersChanged(): void {
    const members = this.#deps.members()
    retainMembers(this.#table, (node) => members.has(node))
    for (const node of this.#receivedAt.keys()) if (!members.has(node)) this.#receivedAt.delete(node)
  }

  report(node: NodeId): NodeReport | null {
    return this.#table.held.get(node)?.report ?? null
  }

  /** When that report came, by the clock's elapsed time; null for our own and for none. */
  receivedAt(node: NodeId): Millis | null {
    return this.#receivedAt.get(node) ?? null
  }

  /** Nodes from which nothing new has come for several heartbeats. */
  overdue(): readonly NodeId[] {
    const limit = missedHeartbeats * heartbeatOf(this.#deps.members().size, this.#settings)
    const now = this.#deps.clock.elapsed()
    return [...this.#receivedAt].filter(([, at]) => now - at > limit).map(([node]) => node)
  }

  #isSmall(): boolean {
    return isSmallMesh(this.#deps.members().size, this.#settings)
  }

  #publish(own: NodeReport): void {
    const { signer, meshId, gossip, log, onReport } = this.#deps
    const report = reportCodec.encode(own)
    const signed = { report, signature: signer.sign(capacityTag, meshId, report) }
    keepReport(this.#table, { report: own, signed })
    onReport(own)
    if (this.#isSmall())
      gossip.publish(capacityTopic, signed).catch((error: unknown) => log.warn('report was not published', { error }))
    else this.#sync.push(signed)
  }

  #take(signed: SignedReport, way: 'gossip' | 'sync'): Admission {
    const { clock, metrics, verifier, meshId, members, peers, onReport } = this.#deps
    const known = members()
    const admission = admitReport(this.#table, signed, {
      now: clock.now(),
      // Our own reports come from nobody else.
      isMember: (node) => node !== peers.self && known.has(node),
      isSignedBy: (node, { report, signature }) => verifier.verify(node, capacityTag, meshId, report, signature),
    })
    metrics.count('claw_capacity_reports_total', { way, verdict: admission.verdict, reason: admission.reason })
    if (admission.verdict !== 'accept') return admission
    this.#receivedAt.set(admission.report.node, clock.elapsed())
    onReport(admission.report)
    return admission
  }
}
