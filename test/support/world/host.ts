/** One machine of a simulated mesh. Its disk and its engine last; its daemon, composed of the real services, dies and is started again. */
import { cronerSchedules } from '../../../src/adapters/croner/schedules.ts'
import type { Settings } from '../../../src/core/consensus/types.ts'
import { stateVersionKey, supported } from '../../../src/core/state/versions.ts'
import { ClawError } from '../../../src/model/failure.ts'
import type { GpuDevice } from '../../../src/model/gpu.ts'
import { unknownSample } from '../../../src/model/gpu-health.ts'
import { firstVersion, rangeText, type VersionRange } from '../../../src/model/version.ts'
import { meshId, type NodeId } from '../../../src/model/ids.ts'
import type { Millis } from '../../../src/model/time.ts'
import type { OperationContext } from '../../../src/operations/context.ts'
import { nothingKept } from '../no-volumes.ts'
import { noPrograms } from '../no-programs.ts'
import { openVault } from '../open-vault.ts'
import { OperationService } from '../../../src/operations/invoke.ts'
import { Sight } from '../../../src/operations/mesh/mesh-changes.ts'
import { Measured } from '../../../src/operations/mesh/measured.ts'
import { Replies } from '../../../src/operations/replies.ts'
import { agentViewOf, explainer, hostViewOf } from '../../../src/operations/node/local-views.ts'
import type { Clock } from '../../../src/ports/clock.ts'
import type { Disk } from '../../../src/ports/journal.ts'
import { unrecorded } from '../../../src/ports/audit.ts'
import type { Log } from '../../../src/ports/log.ts'
import type { HostProbe } from '../../../src/ports/probe.ts'
import type { Service } from '../../../src/ports/service.ts'
import { AgentService } from '../../../src/services/agent/agent-service.ts'
import { InventoryReporter } from '../../../src/services/agent/inventory-reporter.ts'
import type { CompactionSettings } from '../../../src/services/consensus/compactor.ts'
import { ConsensusService } from '../../../src/services/consensus/service.ts'
import { ReplicatedState } from '../../../src/services/control/replicated-state.ts'
import { ControlService } from '../../../src/services/control/service.ts'
import { GatewayService } from '../../../src/services/gateway/service.ts'
import { MembershipService } from '../../../src/services/membership/service.ts'
import { SimDisk } from '../../../src/simulation/disk.ts'
import type { SimHost, SimNetwork } from '../../../src/simulation/network.ts'
import { simSigner, simVerifier } from '../../../src/simulation/signer.ts'
import type { Spooled } from '../../../src/core/spool/spool.ts'
import { requireStill } from '../../../src/operations/mesh/spool.ts'
import { SpoolService } from '../../../src/services/spool/service.ts'
import type { World } from '../../../src/simulation/world.ts'
import { Engine } from './engine.ts'
import { EngineExecutor } from './engine-executor.ts'
import type { Watch } from './watch.ts'
import { watchedMachine } from './watched-machine.ts'
import { allWell } from '../all-well.ts'

export const theMesh = meshId('mesh-0123456789abcdef0123456789abcdef')
const version = '0.1.0'

export interface HostSettings {
  readonly consensus: Settings
  readonly compaction: CompactionSettings
  /** Who votes from the start. */
  readonly founders: readonly NodeId[]
  readonly diskLatency: Millis
  readonly pull: Millis
}

export interface HostDeps {
  readonly world: World
  readonly network: SimNetwork
  readonly watch: Watch
  readonly log: (node: NodeId) => Log
  readonly settings: HostSettings
  /** The disk as a daemon sees it: a test may put a worse one in its place. */
  readonly disk?: (disk: SimDisk, clock: Clock) => Disk
}

export interface Daemon {
  readonly machine: ReplicatedState
  readonly consensus: ConsensusService
  readonly control: ControlService
  readonly members: MembershipService
  readonly operations: OperationService
  readonly context: OperationContext
  /** Parts in start order. */
  readonly services: readonly Service[]
  isUp: boolean
}

const muteMetrics = { count() {}, gauge() {}, observe() {} }

/** Only liveness matters here: reports are made rare, because they are most of the work. */
const rareReports = { sampleEvery: 20_000, heartbeat: 60_000, syncEverySmall: 60_000, syncEveryLarge: 60_000 }

export class Host {
  readonly id: NodeId
  readonly gpus: readonly GpuDevice[]
  readonly engine: Engine
  readonly disk: SimDisk
  /** The daemon of its present life, null while there is none. */
  daemon: Daemon | null = null
  isPaused = false
  /** Somebody takes it down in an orderly way. */
  isStopping = false
  /** What the build of its next life applies; null for one that says nothing of versions, as in a mesh that nobody upgrades. */
  nextBuild: () => VersionRange | null = () => null
  /** When its daemon last could not do its work: dead, paused, or not up yet. */
  #unwellUntil: Millis = 0
  readonly #deps: HostDeps

  constructor(id: NodeId, gpus: readonly GpuDevice[], deps: HostDeps) {
    this.id = id
    this.gpus = gpus
    this.#deps = deps
    this.engine = new Engine(deps.world, deps.watch, () => this.daemon?.context.clock.now() ?? deps.world.now())
    this.disk = new SimDisk({ random: deps.world, clock: deps.world, latency: deps.settings.diskLatency })
  }

  /** When its daemon was last unable to act. */
  unwellAt(): Millis {
    if (this.daemon?.isUp === true && !this.isPaused && !this.isStopping) return this.#unwellUntil
    return this.#deps.world.elapsed()
  }

  boot(): void {
    if (this.daemon !== null) return
    const build = this.nextBuild()
    const daemon = this.#compose(this.#deps.network.host(this.id), build)
    this.daemon = daemon
    this.#start(daemon).catch((error: unknown) => {
      if (build === null || !ClawError.is(error, 'VERSION_UNSUPPORTED')) return this.#deps.watch.bug(this.id, error)
      this.#startNewest(daemon)
    })
  }

  /** Its disk was of a newer build than the one that was started: whoever sees that starts the newest. */
  #startNewest(refused: Daemon): void {
    if (this.daemon !== refused) return
    this.nextBuild = () => supported
    this.crash({ power: false })
    this.boot()
  }

  async #start(daemon: Daemon): Promise<void> {
    for (const service of daemon.services) await service.start()
    daemon.isUp = true
    this.#unwellUntil = this.#deps.world.elapsed()
  }

  /** As kill -9 or, with `power`, as a power cut, which ends the containers too and which nobody is told of. */
  crash({ power }: { readonly power: boolean }): void {
    if (this.daemon === null) return
    this.daemon = null
    this.isPaused = false
    this.isStopping = false
    this.#deps.network.crash(this.id, { silently: power })
    this.disk.crash()
    if (power) this.engine.powerCut()
  }

  /** Stops in good order; whoever asked for it ends the process some time later. */
  stop(): void {
    const { daemon } = this
    if (daemon?.isUp !== true || this.isStopping) return
    this.isStopping = true
    const stopAll = async (): Promise<void> => {
      for (const service of daemon.services.toReversed()) await service.stop()
      if (this.daemon === daemon) this.crash({ power: false })
    }
    stopAll().catch((error: unknown) => this.#deps.watch.bug(this.id, error))
  }

  pause(): void {
    if (this.daemon === null) return
    this.isPaused = true
    this.#deps.network.pause(this.id)
  }

  resume(): void {
    if (!this.isPaused) return
    this.isPaused = false
    this.#unwellUntil = this.#deps.world.elapsed()
    this.#deps.network.resume(this.id)
  }

  #compose(host: SimHost, build: VersionRange | null): Daemon {
    const { world, watch, settings, log: logOf, disk: diskOf } = this.#deps
    const { id: self, clock, rpc, gossip, peers } = host
    const [log, metrics] = [logOf(self), muteMetrics]
    const disk = diskOf?.(this.disk, clock) ?? this.disk
    const applies = build ?? firstVersion
    const machine = new ReplicatedState({ log, metrics, applies: build ?? supported })
    const { consensus: timing, compaction, founders } = settings
    const consensus = new ConsensusService(
      { self, clock, disk, rpc, peers, log, metrics },
      { machine: watchedMachine(self, machine, watch), settings: timing, founders, compaction },
    )
    const control = new ControlService({ self, clock, log, rpc, consensus, machine })
    const probes = { host: hostProbe(self), gpus: [this.#gpuProbe()] }
    const versions = (): Readonly<Record<string, string>> => ({
      clawnode: version,
      ...(build !== null && { [stateVersionKey]: rangeText(build) }),
    })
    const inventory = new InventoryReporter({
      ...{ self, probes, versions, control, clock, log },
      ...{ executors: ['docker'], sharing: false },
    })
    const executor = new EngineExecutor({ engine: this.engine, clock, random: world, pull: settings.pull })
    const executors = new Map([['docker', executor] as const])
    const agent = new AgentService({
      ...{ mesh: theMesh, node: self, control, executors, devices: inventory, disk, clock, log, metrics },
      ...{ sharing: false, isPortFree: async () => true, checks: allWell },
    })
    const members = new MembershipService(
      {
        ...{ clock, random: world, rpc, gossip, peers, log, metrics, meshId: theMesh },
        ...{ signer: simSigner(self), verifier: simVerifier },
        members: () => control.state.members.keys(),
        onMembers: (listener) =>
          control.onChange((changes) => {
            if (changes.some(({ type }) => type === 'member')) listener()
          }),
        sample: async () => ({
          ...(await inventory.sample(new AbortController().signal)),
          ...{ busy: agent.busyDevices(), version },
          ...(control.outdated !== null && { isOutdated: true }),
        }),
      },
      { reports: rareReports },
    )
    agent.onBusyChange(() => members.refresh())
    const sealMeshKey = async (node: NodeId, signal: AbortSignal): Promise<void> => {
      const id = `seal:${node}:${control.state.epoch}`
      await control.execute({ type: 'seal-mesh-key', node, sealedKey: 'eA==' }, { id, by: self, signal })
    }
    const gateway = new GatewayService({
      ...{
        self,
        clock,
        log,
        metrics,
        random: world,
        schedules: cronerSchedules,
        control,
        consensus,
        membership: members,
        sealMeshKey,
        applies,
      },
    })
    const check = (submission: Spooled): void => requireStill({ control, clock, self }, submission)
    const spool = new SpoolService({ control, check, disk, clock, log, metrics })
    const nobody = (): never => {
      throw new ClawError('INVALID_REQUEST', { problem: 'nobody begins anew here' })
    }
    const context: OperationContext = {
      ...{ self, version, startedAt: clock.now(), apiAddress: null, control, membership: members },
      ...{ clock, random: world, rpc, log, verifier: simVerifier },
      schedules: cronerSchedules,
      agent: agentViewOf(agent, () => Promise.reject(new Error('there are no ports in this world'))),
      figures: { scrape: () => Promise.resolve('') },
      logs: { kept: () => [], read: nobody },
      host: hostViewOf(inventory, probes.host),
      services: { stats: async () => ({ revisions: [], unserved: 0 }) },
      ...nothingKept,
      audit: unrecorded,
      spool,
      vault: openVault(() => control.state),
      images: null,
      programs: noPrograms,
      replies: new Replies(clock),
      sight: new Sight({ control, membership: members, clock }),
      measured: new Measured({ control, membership: members, clock }),
      renewal: { backup: nobody, recover: nobody, restore: nobody, uploads: { put: nobody, take: nobody } },
      createToken: () => Promise.reject(new ClawError('INVALID_REQUEST', { problem: 'nobody joins here' })),
      transferLead: (to) => consensus.transfer(to),
      explain: explainer({ control, membership: members, clock }),
    }
    const operations = new OperationService(context)
    const services = [consensus, control, operations, inventory, members, agent, gateway, spool]
    return { machine, consensus, control, members, operations, context, services, isUp: false }
  }

  #gpuProbe() {
    const { gpus } = this
    return {
      vendor: 'nvidia',
      inventory: () => Promise.resolve({ gpus, links: [], problem: null }),
      sample: () => Promise.resolve({ samples: gpus.map(({ uuid }) => unknownSample(uuid)), problem: null }),
    }
  }
}

const hostProbe = (node: NodeId): HostProbe => ({
  inventory: () =>
    Promise.resolve({
      ...{ hostname: node, os: 'Linux', kernel: '6.12', arch: 'x64', cpuModel: 'Test CPU' },
      ...{ cpuCores: 32, memoryMib: 262_144, diskMib: 1_000_000 },
    }),
  sample: () =>
    Promise.resolve({
      ...{ cpuUtilization: 3, load: [0, 0, 0] as const, memoryUsedMib: 1_000, memoryTotalMib: 262_144 },
      ...{ diskFreeMib: 500_000, uptime: 1_000_000 },
    }),
  disks: () => Promise.resolve([]),
})
