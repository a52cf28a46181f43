/** A mesh whose peers share one state at once: everything of it that operations see, without consensus and without hosts. */
import { cronerSchedules } from '../../src/adapters/croner/schedules.ts'
import { createVerifier } from '../../src/adapters/keys/signatures.ts'
import { SimulatedExecutor } from '../../src/adapters/simulated/simulated-executor.ts'
import type { Spool } from '../../src/core/spool/spool.ts'
import { keep, without } from '../../src/core/spool/spool.ts'
import { encodeBackup } from './backup-file.ts'
import { encodeEntry } from '../../src/core/state/entry.ts'
import type { State } from '../../src/core/state/state.ts'
import type { Change, Command } from '../../src/core/state/types.ts'
import type { ClawError } from '../../src/model/failure.ts'
import { ClawError as Failure, failureFrom } from '../../src/model/failure.ts'
import type { GpuSample } from '../../src/model/gpu.ts'
import type { NodeId, PlacementId, WorkloadId } from '../../src/model/ids.ts'
import { placementId, workloadId } from '../../src/model/ids.ts'
import type { NodeInventory } from '../../src/model/node.ts'
import type { Liveness } from '../../src/model/node.ts'
import type { AgentView, LogsView, OperationContext } from '../../src/operations/context.ts'
import type { Images } from '../../src/services/images/types.ts'
import { OperationService } from '../../src/operations/invoke.ts'
import { Sight } from '../../src/operations/mesh/mesh-changes.ts'
import { Measured } from '../../src/operations/mesh/measured.ts'
import { Replies } from '../../src/operations/replies.ts'
import type { Caller } from '../../src/operations/operation.ts'
import { type AuditLog, unrecorded } from '../../src/ports/audit.ts'
import type { ByteStream } from '../../src/ports/dial.ts'
import type { TaskStatus } from '../../src/ports/executor.ts'
import type { KeptLog } from '../../src/ports/log-store.ts'
import { silent } from '../../src/ports/log.ts'
import { Uploads } from '../../src/services/control/uploads.ts'
import type { Control, Freshness, GatewayStatus } from '../../src/services/control/types.ts'
import type { Molt } from '../../src/services/molt/types.ts'
import type { Membership, PeerView } from '../../src/services/membership/types.ts'
import { simNetwork } from '../../src/simulation/network.ts'
import { World } from '../../src/simulation/world.ts'
import { ada, bob, type Book, inventory, meshOf } from './control-samples.ts'
import { type FakeLog, keptLog } from './fake-log.ts'
import { nothingKept } from './no-volumes.ts'
import { noPrograms } from './no-programs.ts'
import { openVault } from './open-vault.ts'

export const admin: Caller = { id: 'socket', identity: { kind: 'socket' } }

export const sample = (uuid: string, parts: Partial<GpuSample> = {}): GpuSample => ({
  uuid,
  utilization: 50,
  memoryUsedMib: 1_000,
  temperatureC: 60,
  powerW: 300,
  powerLimitW: 700,
  smClockMhz: 1_500,
  eccUncorrected: 0,
  throttle: [],
  health: 'ok',
  processes: [],
  ...parts,
})

export class OperationsMesh {
  readonly world = new World(7)
  readonly book: Book
  readonly network = simNetwork(this.world)
  readonly logs = new Map<PlacementId, FakeLog>()
  /** Nodes of logs whose placement is not the current one. */
  readonly keptAt = new Map<PlacementId, NodeId>()
  readonly tasks: TaskStatus[] = []
  /** What listens on the ports of all tasks; nothing unless a test says so. */
  dial: (port: number) => ByteStream = (port) => {
    throw new Failure('PORT_UNREACHABLE', { address: `127.0.0.1:${port}`, detail: 'nothing listens there' })
  }
  /** Runs what is to be run further in the tasks of all nodes: a test starts there what it wants to look into. */
  readonly executor = new SimulatedExecutor({ clock: this.world, store: new Map() })
  readonly liveness = new Map<NodeId, Liveness>()
  readonly samples = new Map<NodeId, readonly GpuSample[]>()
  readonly commands: Command[] = []
  /** What system.run finds; a test may let it run. */
  programs = noPrograms
  /** By node; nodes without an entry keep no record. */
  readonly audits = new Map<NodeId, AuditLog>()
  /** What every daemon counts. */
  figures = ''
  /** How fresh the state was asked to be. */
  readonly reads: Freshness[] = []
  /** Of all peers together. */
  spool: Spool = []
  /** By node; nodes without an entry run no containers. */
  readonly images = new Map<NodeId, Images>()
  /** By node; nodes without an entry take no part in any market. */
  readonly molts = new Map<NodeId, Molt>()
  readonly trades = new Map<NodeId, Partial<Pick<OperationContext, 'lending' | 'buying' | 'wallet'>>>()
  /** Voters that were given up, and states that were restored. */
  readonly recovered: string[] = []
  readonly restored: State[] = []
  readonly uploads = new Uploads(this.world, 1_000_000)
  leader: NodeId | null = ada
  voters: readonly NodeId[] = [ada]
  /** As the leader sees them. */
  followers: GatewayStatus['followers'] = []
  /** Why every peer has stopped to follow. */
  outdated: ClawError | null = null
  /** Set to make every change and fresh read fail. */
  failure: ClawError | null = null
  readonly #watchers = new Set<(view: PeerView) => void>()
  readonly #listeners = new Set<(changes: readonly Change[]) => void>()

  constructor(members: readonly NodeId[] = [ada, bob]) {
    this.book = meshOf(members)
  }

  /** Runs a command as the leader, a node or a user would. */
  apply(command: Command, id?: string): void {
    const { outcome, changes } = this.book.run(command, { at: this.world.now(), ...(id === undefined ? {} : { id }) })
    if (!outcome.ok) throw failureFrom(outcome.failure)
    for (const listener of this.#listeners) listener(changes)
  }

  /** What all peers think of a node from now on. */
  deem(node: NodeId, liveness: Liveness): void {
    this.liveness.set(node, liveness)
    for (const watch of this.#watchers) watch(this.#membership().view(node))
  }

  place(workload: WorkloadId, node: NodeId, devices: readonly number[] = []): PlacementId {
    const attempt = (this.book.state.workloads.get(workload)?.attempt ?? 0) + 1
    const uuids = devices.map((index) => `GPU-${node}-${index}`)
    this.apply({ type: 'place', workload, attempt, node, devices: uuids, executor: 'docker' })
    const placement = placementId(workload, attempt)
    this.apply({ type: 'claim', placement, node })
    return placement
  }

  running(workload: WorkloadId, node: NodeId, devices: readonly number[] = []): PlacementId {
    const placement = this.place(workload, node, devices)
    this.apply({ type: 'report-running', placement, node, startedAt: this.world.now() })
    return placement
  }

  ended(placement: PlacementId, node: NodeId, exitCode = 0): void {
    const error = exitCode === 0 ? null : ({ code: 'NONZERO_EXIT', message: `exit code ${exitCode}` } as const)
    this.apply({ type: 'report-ended', placement, node, endedAt: this.world.now(), exitCode, error })
  }

  /** The id of the workload of that name. */
  idOf(name: string): WorkloadId {
    return this.book.state.names.get(name) ?? workloadId(name)
  }

  context(self: NodeId): OperationContext {
    const { world, book } = this
    const { clock, rpc } = this.network.host(self)
    const watched = { control: this.#control(self), membership: this.#membership(), clock }
    return {
      ...{ self, version: '0.1.0' },
      ...{ startedAt: world.now() - 5_000, apiAddress: 'http://127.0.0.1:8080' },
      ...watched,
      agent: this.#agent(self),
      logs: this.#logs(self),
      host: {
        inventory: (): NodeInventory => book.state.members.get(self)?.inventory ?? inventory(self, 0),
        gpus: () => Promise.resolve(this.samples.get(self) ?? []),
        sample: () =>
          Promise.resolve({
            cpuUtilization: 12,
            load: [1, 2, 3] as const,
            memoryUsedMib: 1_024,
            memoryTotalMib: 4_096,
            diskFreeMib: 10_000,
            uptime: 60_000,
          }),
        disks: () => Promise.resolve([{ mount: '/', totalMib: 100, availableMib: 25 }]),
      },
      programs: {
        find: (name) => this.programs.find(name),
        allowed: (name) => this.programs.allowed(name),
        run: (request) => this.programs.run(request),
      },
      ...{ random: world, schedules: cronerSchedules, log: silent, verifier: createVerifier() },
      renewal: {
        backup: () => Promise.resolve(encodeBackup(book.state, { at: world.now(), software: '0.1.0' })),
        recover: (lost) => {
          this.recovered.push(...lost)
          this.leader = self
          return Promise.resolve()
        },
        restore: async ({ state }) => void this.restored.push(state),
        uploads: this.uploads,
      },
      ...{ ...nothingKept, images: this.images.get(self) ?? null, audit: this.audits.get(self) ?? unrecorded },
      molt: this.molts.get(self) ?? nothingKept.molt,
      ...this.trades.get(self),
      ...{ replies: new Replies(clock), services: { stats: async () => ({ revisions: [], unserved: 0 }) } },
      spool: {
        entries: () => this.spool,
        keep: async (submission) => {
          this.spool = keep(this.spool, submission)
          return submission
        },
        drop: async (command) => void (this.spool = without(this.spool, command)),
      },
      ...{ rpc, vault: openVault(() => book.state), sight: new Sight(watched), measured: new Measured(watched) },
      figures: { scrape: () => Promise.resolve(this.figures) },
      createToken: ({ ttl }) => Promise.resolve({ token: 'claw1.token', notAfter: world.now() + ttl }),
      transferLead: (to) => {
        this.leader = to
        return Promise.resolve(true)
      },
      explain: ({ state }) => (state === 'pending' ? '2 nodes considered: 2 have too few GPUs' : null),
    }
  }

  async service(self: NodeId): Promise<OperationService> {
    const service = new OperationService(this.context(self))
    return service.start().then(() => service)
  }

  #control(self: NodeId): Control {
    const { book, world } = this
    const outdated = (): ClawError | null => this.outdated
    return {
      state: book.state,
      get outdated() {
        return outdated()
      },
      status: () => ({
        role: this.leader === self ? 'leader' : 'follower',
        term: 3,
        leader: this.leader,
        voters: this.voters,
        committed: book.state.index,
        applied: book.state.index,
        outOfTouchFor: 0,
        followers: this.leader === self ? this.followers : [],
      }),
      onChange: (listener) => {
        this.#listeners.add(listener)
        return () => this.#listeners.delete(listener)
      },
      onRole: () => () => {},
      execute: async (command, { id, by }) => {
        await Promise.resolve()
        if (this.failure !== null) throw this.failure
        this.commands.push(command)
        // As it would stand in the log, or be refused there.
        encodeEntry({ id, by, at: world.now(), via: null, command })
        const { index, outcome, changes } = book.run(command, { id, by, at: world.now() })
        if (!outcome.ok) throw failureFrom(outcome.failure)
        for (const listener of this.#listeners) listener(changes)
        return { index, value: outcome.value }
      },
      fresh: (freshness) => {
        this.reads.push(freshness)
        return this.failure === null ? Promise.resolve() : Promise.reject(this.failure)
      },
    }
  }

  #membership(): Membership {
    const view = (node: NodeId): PeerView => {
      const gpus = this.samples.get(node) ?? []
      return {
        node,
        liveness: this.liveness.get(node) ?? 'alive',
        since: 1_000,
        lastSeen: this.world.now(),
        roundTrip: 2,
        receivedAt: this.world.now(),
        report: {
          node,
          incarnation: 1,
          sequence: 1,
          at: this.world.now(),
          gpus,
          busy: [],
          host: { cpuUtilization: 12, memoryUsedMib: 1_024, memoryTotalMib: 4_096, diskFreeMib: 10_000 },
          problems: [],
          version: '0.1.0',
        },
      }
    }
    return {
      view,
      views: () => [...this.book.state.members.keys()].map(view),
      onChange: (listener) => {
        this.#watchers.add(listener)
        return () => this.#watchers.delete(listener)
      },
    }
  }

  /** A log is on the node where its placement was last put, or where a test says. */
  #logs(self: NodeId): LogsView {
    const isHere = ({ placement, workload }: KeptLog): boolean =>
      (this.keptAt.get(placement) ?? this.book.state.workloads.get(workload)?.placement?.node) === self
    return {
      kept: () => [...this.logs.keys()].map(keptLog).filter(isHere),
      read: (placement, query, signal) => {
        const log = this.logs.get(placement)
        if (log === undefined) throw failureFrom(unknownPlacement(placement))
        return log.read(query, signal)
      },
    }
  }

  #agent(self: NodeId): AgentView {
    return {
      tasks: () =>
        this.tasks.filter(({ workload }) => this.book.state.workloads.get(workload)?.placement?.node === self),
      stats: () =>
        Promise.resolve({
          cpuPercent: 99,
          memoryUsedMib: 10,
          memoryLimitMib: null,
          networkRxBytes: 1,
          networkTxBytes: 2,
          blockReadBytes: 3,
          blockWriteBytes: 4,
          pids: 5,
          processes: null,
        }),
      exec: (placement, request, signal) => this.executor.exec(placement, request, signal),
      attach: (workload) =>
        Promise.reject(new Failure('ATTACH_UNSUPPORTED', { workload, executor: this.executor.kind })),
      connect: async (placement, port, signal) => {
        await this.executor.address(placement, port, signal)
        return this.dial(port)
      },
    }
  }
}

const unknownPlacement = (placement: PlacementId) => ({
  code: 'WORKLOAD_NOT_FOUND',
  message: '',
  hint: '',
  facts: { workload: placement },
})
