/** Makes this host do what the mesh decided: feeds the reconciler with both, and has its actions carried out. */
import { busyDevices } from '../../core/agent/device-ledger.ts'
import { attended } from '../../core/agent/attended.ts'
import { portOnNode } from '../../core/agent/ports.ts'
import { reconcile } from '../../core/agent/reconcile.ts'
import type { AgentSettings, AgentView, KnownTask } from '../../core/agent/view.ts'
import { agentSettings } from '../../core/agent/view.ts'
import type { Change } from '../../core/state/types.ts'
import { ClawError } from '../../model/failure.ts'
import type { GpuDevice } from '../../model/gpu.ts'
import type { MeshId, NodeId, PlacementId } from '../../model/ids.ts'
import type { ExecutorKind } from '../../model/node.ts'
import type { Probe } from '../../model/probe.ts'
import type { Millis } from '../../model/time.ts'
import type { Cancel, Clock } from '../../ports/clock.ts'
import type { AttachRequest, Attachment, ExecRequest, ExecSession } from '../../ports/exec.ts'
import type { Executor, PortAddress, TaskStats, TaskStatus } from '../../ports/executor.ts'
import type { HealthChecks } from '../../ports/health-check.ts'
import type { Disk } from '../../ports/journal.ts'
import type { Log } from '../../ports/log.ts'
import type { Metrics } from '../../ports/metrics.ts'
import type { Unsubscribe } from '../../ports/rpc.ts'
import type { Service } from '../../ports/service.ts'
import type { Control } from '../control/types.ts'
import { Adoption } from './adoption.ts'
import { AssignedWorkloads } from './assigned.ts'
import { Lanes } from './lanes.ts'
import { LedgerStore } from './ledger-store.ts'
import { Performer, type PerformerDeps } from './performer.ts'
import { Prober } from './prober.ts'
import type { Checked } from './check.ts'
import { checkTask, unclear } from './check.ts'

/** The devices of this host, as they were found last. */
export interface DeviceSource {
  /** Null before the first look. */
  devices(): readonly GpuDevice[] | null
  /** Uuids of devices that are there but do not work. */
  failed(): ReadonlySet<string>
  onChange(listener: () => void): Unsubscribe
}

/** What the start of work needs beside the engine. */
type OfStart = 'mountsFor' | 'networkFor' | 'beforeStart' | 'confirmUsual' | 'resolverFor' | 'provisions' | 'admit'

export interface AgentDeps extends Pick<PerformerDeps, OfStart> {
  readonly mesh: MeshId
  readonly node: NodeId
  readonly control: Pick<Control, 'state' | 'status' | 'onChange' | 'execute' | 'fresh'>
  readonly executors: ReadonlyMap<ExecutorKind, Executor>
  readonly devices: DeviceSource
  /** Whether the owner of this host lets several workloads share one GPU. */
  readonly sharing: boolean
  /** Whether nothing listens on this port of the host. */
  readonly isPortFree: (port: number) => Promise<boolean>
  readonly checks: HealthChecks
  /** Called before a task and its traces are removed. */
  readonly beforeRemoval?: (placement: PlacementId) => Promise<void>
  readonly disk: Disk
  readonly clock: Clock
  readonly log: Log
  readonly metrics: Metrics
}

const tickEvery: Millis = 1_000
const freshPatience: Millis = 10_000

export class AgentService implements Service {
  readonly name = 'agent'
  readonly #deps: AgentDeps
  readonly #settings: AgentSettings
  readonly #ledger: LedgerStore
  readonly #assigned: AssignedWorkloads
  readonly #adoption: Adoption
  readonly #performer: Performer
  readonly #lanes: Lanes
  readonly #prober: Prober
  readonly #stopped = new AbortController()
  /** Which executor has which task. What it says of the task is asked when it is needed. */
  readonly #tasks = new Map<PlacementId, ExecutorKind>()
  /** Those among them that an earlier daemon had started. */
  readonly #adopted = new Set<PlacementId>()
  readonly #busyListeners = new Set<() => void>()
  #busyTold = ''
  #fresh = false
  /** When this node was last in touch with a leader, on the steady clock. */
  #ledAt: Millis = 0
  readonly #attending = new Map<'adoption' | 'freshness', Promise<void>>()
  #cancelTick: Cancel = () => {}
  #looking: Cancel | null = null
  #unsubscribe: readonly Unsubscribe[] = []

  constructor(deps: AgentDeps, settings: AgentSettings = agentSettings) {
    const { mesh, node, executors, log } = deps
    this.#deps = deps
    this.#settings = settings
    this.#ledger = new LedgerStore(deps.disk)
    this.#assigned = new AssignedWorkloads(node)
    this.#adoption = new Adoption({
      executors,
      mesh,
      node,
      log,
      onFound: (kind, tasks) => this.#onAdopted(kind, tasks),
    })
    this.#performer = new Performer({
      ...deps,
      ledger: this.#ledger,
      assigned: (placement) => this.#assigned.byPlacement().get(placement) ?? null,
      device: (uuid) => deps.devices.devices()?.find((device) => device.uuid === uuid) ?? null,
      givenPorts: () => new Set(this.tasks().flatMap(portsInUse)),
      signal: this.#stopped.signal,
    })
    this.#lanes = new Lanes({
      clock: deps.clock,
      perform: (action) => this.#performer.perform(action),
      onDone: () => this.#wake(),
    })
    this.#prober = new Prober({
      clock: deps.clock,
      metrics: deps.metrics,
      check: (placement, probe) => this.#check(placement, probe),
      onChange: () => this.#wake(),
    })
  }

  async start(): Promise<void> {
    const { control, executors, devices } = this.#deps
    await this.#ledger.open()
    this.#ledAt = this.#deps.clock.elapsed()
    this.#assigned.scan(control.state)
    this.#unsubscribe = [
      control.onChange((changes) => this.#onChange(changes)),
      devices.onChange(() => this.#wake()),
      ...[...executors].map(([kind, executor]) => executor.onStatus((status) => this.#onFound(kind, [status]))),
    ]
    await this.#adoption.attempt(this.#stopped.signal)
    this.#tick()
  }

  async stop(): Promise<void> {
    this.#stopped.abort(
      new ClawError('EXECUTOR_UNAVAILABLE', { executor: 'agent', detail: 'the node is shutting down' }),
    )
    for (const unsubscribe of this.#unsubscribe) unsubscribe()
    this.#cancelTick()
    this.#looking?.()
    await Promise.all(this.#attending.values())
    await this.#prober.stop()
    await this.#lanes.idle()
    await this.#ledger.close()
  }

  /** Uuids of the devices that the ledger has given out. */
  busyDevices(): readonly string[] {
    return busyDevices(this.#ledger.ledger)
  }

  /** Tells when devices were given out or let go of. */
  onBusyChange(listener: () => void): Unsubscribe {
    this.#busyListeners.add(listener)
    return () => this.#busyListeners.delete(listener)
  }

  /** Every task that an executor of this host knows, running or ended. */
  tasks(): readonly KnownTask[] {
    return [...this.#known().values()]
  }

  /** Whether these are all: no executor is still to tell what it runs. */
  get knowsAllTasks(): boolean {
    return this.#adoption.isComplete
  }

  /** Whether a task of this placement is still to come. */
  expects(placement: PlacementId): boolean {
    const workload = this.#assigned.byPlacement().get(placement)
    return workload !== undefined && workload.endedAt === null && this.#taskOf(placement) === null
  }

  /** Throws WORKLOAD_NOT_FOUND. */
  stats(placement: PlacementId, signal: AbortSignal): Promise<TaskStats> {
    return this.#executorOf(placement).stats(placement, signal)
  }

  /** Throws WORKLOAD_NOT_FOUND, WORKLOAD_NOT_RUNNING and EXEC_FAILED. What runs is killed when the signal is aborted, or this node stops. */
  async exec(placement: PlacementId, request: ExecRequest, signal: AbortSignal): Promise<ExecSession> {
    return this.#executorOf(placement).exec(placement, request, AbortSignal.any([signal, this.#stopped.signal]))
  }

  /** Throws WORKLOAD_NOT_FOUND, WORKLOAD_NOT_RUNNING and ATTACH_UNSUPPORTED. */
  async attach(placement: PlacementId, request: AttachRequest, signal: AbortSignal): Promise<Attachment> {
    const executor = this.#executorOf(placement)
    const attached = executor.attach?.(placement, request, AbortSignal.any([signal, this.#stopped.signal]))
    if (attached === undefined)
      throw new ClawError('ATTACH_UNSUPPORTED', { workload: placement, executor: executor.kind })
    return attached
  }

  /** Where this host reaches a port of a placement, which may have been given another in its place. Throws WORKLOAD_NOT_FOUND, WORKLOAD_NOT_RUNNING, and PORT_UNREACHABLE for one of the node that is not its own. */
  async address(placement: PlacementId, port: number, signal: AbortSignal): Promise<PortAddress> {
    const executor = this.#executorOf(placement)
    const spec = this.#assigned.byPlacement().get(placement)?.spec ?? null
    const own = portOnNode({ spec, executor: executor.kind }, executor.status(placement)?.ports ?? [], port)
    if (own === null)
      throw new ClawError('PORT_UNREACHABLE', {
        address: `port ${port} of ${placement}`,
        detail: 'on the network of its node a workload has only the ports that it declares',
      })
    return executor.address(placement, own, signal)
  }

  #onAdopted(kind: ExecutorKind, tasks: readonly TaskStatus[]): void {
    for (const { placement } of tasks) this.#adopted.add(placement)
    this.#onFound(kind, tasks)
  }

  #onFound(kind: ExecutorKind, tasks: readonly TaskStatus[]): void {
    for (const { placement } of tasks) this.#tasks.set(placement, kind)
    this.#wake()
  }

  #onChange(changes: readonly Change[]): void {
    if (this.#assigned.apply(this.#deps.control.state, changes)) this.#wake()
  }

  /** What has no event of its own: leaders that come and go, executors that come back, retries, retention. */
  #tick(): void {
    this.#lanes.tidy()
    this.#wake()
    // Whoever is slow to answer must not be asked twice at a time, and must not keep this node from what the lease demands.
    if (!this.#adoption.isComplete) this.#attend('adoption', () => this.#adoption.attempt(this.#stopped.signal))
    if (!this.#fresh) this.#attend('freshness', () => this.#becomeFresh())
    this.#cancelTick = this.#deps.clock.after(tickEvery, () => this.#tick())
  }

  #attend(what: 'adoption' | 'freshness', work: () => Promise<void>): void {
    if (this.#attending.has(what)) return
    const over = (): void => {
      this.#attending.delete(what)
      this.#wake()
    }
    this.#attending.set(what, work().finally(over))
  }

  /** Once is enough: from then on the state only grows. */
  async #becomeFresh(): Promise<void> {
    const { clock, control } = this.#deps
    const late = new AbortController()
    const cancel = clock.after(freshPatience, () =>
      late.abort(new ClawError('DEADLINE_EXCEEDED', { what: 'a fresh state', ms: freshPatience })),
    )
    try {
      await control.fresh('linearizable', AbortSignal.any([late.signal, this.#stopped.signal]))
      this.#fresh = true
    } catch (error) {
      if (!(error instanceof ClawError)) throw error
      this.#deps.log.debug('the state is not known to be fresh yet', { problem: error.message })
    } finally {
      cancel()
    }
  }

  /** Looks soon, and once for all that happens until then. */
  #wake(): void {
    if (this.#stopped.signal.aborted) return
    this.#looking ??= this.#deps.clock.after(0, () => {
      this.#looking = null
      this.#look()
    })
  }

  #look(): void {
    // What a leader would know of this node, not what this node believes: a slow one takes its time to give a leader up.
    const { outOfTouchFor } = this.#deps.control.status()
    this.#ledAt = Math.max(this.#ledAt, this.#deps.clock.elapsed() - outOfTouchFor)
    this.#prober.attend(attended(this.#assigned.byPlacement(), this.#known()))
    const view = this.#view()
    const { failures, told, checkpoints, saves, letGo, chosenPorts } = this.#performer
    for (const known of [failures, told, checkpoints, saves, letGo, chosenPorts])
      for (const placement of known.keys()) if (!view.assigned.has(placement)) known.delete(placement)
    for (const action of reconcile(view, this.#settings)) this.#lanes.offer(action)
    this.#deps.metrics.gauge('claw_agent_tasks', view.tasks.size)
    this.#tellBusy(busyDevices(view.ledger))
  }

  #tellBusy(busy: readonly string[]): void {
    this.#deps.metrics.gauge('claw_agent_devices_busy', busy.length)
    const names = busy.toSorted().join()
    if (names === this.#busyTold) return
    this.#busyTold = names
    for (const listener of this.#busyListeners) listener()
  }

  #view(): AgentView {
    const { node, clock, devices, sharing } = this.#deps
    const failed = devices.failed()
    const working = devices.devices()?.filter(({ uuid }) => !failed.has(uuid))
    return {
      node,
      fresh: this.#fresh,
      cutOffFor: clock.elapsed() - this.#ledAt,
      ...{ told: this.#performer.told, checkpoints: this.#performer.checkpoints, saves: this.#performer.saves },
      letGo: this.#performer.letGo,
      adopted: this.#adopted,
      assigned: this.#assigned.byPlacement(),
      ledger: this.#ledger.ledger,
      tasks: this.#known(),
      opinions: this.#prober.opinions(),
      executors: this.#adoption.readiness(),
      failures: this.#performer.failures,
      devices: working === undefined ? null : new Map(working.map(({ uuid, memoryMib }) => [uuid, memoryMib])),
      sharing,
      at: clock.now(),
    }
  }

  #known(): ReadonlyMap<PlacementId, KnownTask> {
    const known = new Map<PlacementId, KnownTask>()
    for (const [placement, executor] of this.#tasks) {
      const status = this.#deps.executors.get(executor)?.status(placement) ?? null
      if (status === null) {
        this.#tasks.delete(placement)
        this.#adopted.delete(placement)
      } else known.set(placement, { executor, status })
    }
    return known
  }

  async #check(placement: PlacementId, probe: Probe): Promise<Checked> {
    const { signal } = this.#stopped
    const executor = this.#taskOf(placement)
    if (executor === null) return unclear
    const { clock, checks } = this.#deps
    const address = (port: number, off: AbortSignal) => this.address(placement, port, off)
    return checkTask({ clock, checks, executor, address }, placement, probe, signal)
  }

  #taskOf(placement: PlacementId): Executor | null {
    for (const executor of this.#deps.executors.values()) if (executor.status(placement) !== null) return executor
    return null
  }

  #executorOf(placement: PlacementId): Executor {
    const executor = this.#taskOf(placement)
    if (executor === null) throw new ClawError('WORKLOAD_NOT_FOUND', { workload: placement })
    return executor
  }
}

const portsInUse = ({ status: { ports = [], status } }: KnownTask): readonly number[] =>
  status.state === 'ended' ? [] : ports.map(({ given }) => given)
