/** A container engine in virtual time that outlives the daemons that use it, and remembers every rule that was broken. */
import type { LogBlock } from '../../src/lib/log-block.ts'
import { ClawError } from '../../src/model/failure.ts'
import type { GpuDevice } from '../../src/model/gpu.ts'
import type { MeshId, NodeId, PlacementId } from '../../src/model/ids.ts'
import type { Millis } from '../../src/model/time.ts'
import type { Executor, Task, TaskState, TaskStats, TaskStatus } from '../../src/ports/executor.ts'
import type { Unsubscribe } from '../../src/ports/rpc.ts'
import type { World } from '../../src/simulation/world.ts'
import type { Life } from './mortal.ts'

interface Container {
  readonly task: Task
  state: Exclude<TaskState, { state: 'starting' }>
}

export class Engine {
  readonly containers = new Map<PlacementId, Container>()
  readonly starts = new Map<PlacementId, number>()
  readonly violations: string[] = []
  /** Refuses to pass signals on. */
  deaf = false
  /** What running tasks were told besides SIGTERM and SIGKILL. */
  readonly signals: { readonly placement: PlacementId; readonly at: Millis }[] = []
  /** How often something was started on a device that others shared. */
  shared = 0
  /** What is started from now on ends only when it is stopped. */
  lasting = false
  readonly #world: World
  readonly #listeners = new Set<(placement: PlacementId) => void>()

  constructor(world: World) {
    this.#world = world
  }

  /** Runs for a while and exits by itself. */
  run(task: Task): void {
    const { placement } = task
    // A container's name is taken only once.
    if (this.containers.has(placement)) return
    const starts = (this.starts.get(placement) ?? 0) + 1
    this.starts.set(placement, starts)
    if (starts > 1) this.violations.push(`${placement} was started ${starts} times`)
    for (const device of task.devices) this.#checkSharing(device, task)
    this.containers.set(placement, { task, state: { state: 'running', startedAt: this.#world.now() } })
    if (!this.lasting) this.#world.after(500 + this.#world.next() * 20_000, () => this.end(placement, 0))
    this.#tell(placement)
  }

  /** Nobody else has it; or all who have it have a share, and there is enough for them all. */
  #checkSharing({ uuid, memoryMib }: GpuDevice, task: Task): void {
    const others = this.running().flatMap((other) =>
      other.task.devices.some((device) => device.uuid === uuid) ? [other.task] : [],
    )
    if (others.length === 0) return
    const shares = [task, ...others].map(({ spec }) => spec.gpus.share ?? Infinity)
    if (shares.reduce((sum, share) => sum + share, 0) <= memoryMib) this.shared += 1
    else this.violations.push(`${uuid} is in ${[task, ...others].map(({ placement }) => placement).join(' and in ')}`)
  }

  end(placement: PlacementId, exitCode: number): void {
    const container = this.containers.get(placement)
    if (container?.state.state !== 'running') return
    container.state = { state: 'ended', exitCode, error: null, endedAt: this.#world.now() }
    this.#tell(placement)
  }

  /** Whoever is told to save takes its time, and may end by itself then, unless it is to last. */
  signal(placement: PlacementId): void {
    if (this.containers.get(placement)?.state.state !== 'running') return
    this.signals.push({ placement, at: this.#world.now() })
    if (!this.lasting && this.#world.next() < 0.5)
      this.#world.after(this.#world.next() * 5_000, () => this.end(placement, 0))
  }

  /** Someone removes a container behind the daemon's back. */
  vanish(placement: PlacementId): void {
    this.containers.delete(placement)
    this.#tell(placement)
  }

  running(): readonly Container[] {
    return [...this.containers.values()].filter(({ state }) => state.state === 'running')
  }

  onChange(listener: (placement: PlacementId) => void): Unsubscribe {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  #tell(placement: PlacementId): void {
    for (const listener of this.#listeners) listener(placement)
  }
}

/** One daemon's door to the engine. Calls take time; what the engine was told it does, also when the daemon is gone. */
export class EngineExecutor implements Executor {
  readonly kind = 'docker'
  readonly #engine: Engine
  readonly #world: World
  readonly #life: Life
  readonly #starting = new Map<PlacementId, { readonly task: Task; readonly work: Promise<void> }>()
  readonly #known = new Set<PlacementId>()

  constructor(engine: Engine, world: World, life: Life) {
    this.#engine = engine
    this.#world = world
    this.#life = life
  }

  version(): Promise<string> {
    return Promise.resolve('engine 1')
  }

  async adopt(mesh: MeshId, node: NodeId): Promise<readonly TaskStatus[]> {
    await this.#pass(50)
    for (const [placement, { task }] of this.#engine.containers)
      if (task.mesh === mesh && task.node === node) this.#known.add(placement)
    return [...this.#known].flatMap((placement) => this.status(placement) ?? [])
  }

  async start(task: Task, signal: AbortSignal): Promise<void> {
    const { placement } = task
    if (this.#known.has(placement)) return
    const starting = this.#starting.get(placement) ?? { task, work: this.#launch(task, signal) }
    this.#starting.set(placement, starting)
    await starting.work.finally(() => this.#starting.delete(placement))
  }

  async stop(placement: PlacementId, grace: Millis): Promise<void> {
    await this.#starting.get(placement)?.work.catch(() => 'the agent hears of it')
    await this.#pass(grace === 0 ? 10 : 6_000)
    this.#engine.end(placement, 143)
  }

  async signal(placement: PlacementId): Promise<void> {
    await this.#pass(10)
    if (this.#engine.deaf) throw new ClawError('EXECUTOR_UNAVAILABLE', { executor: 'docker', detail: 'it is deaf' })
    this.#engine.signal(placement)
  }

  async remove(placement: PlacementId): Promise<void> {
    await this.#pass(10)
    this.#engine.containers.delete(placement)
    this.#known.delete(placement)
  }

  status(placement: PlacementId): TaskStatus | null {
    const task = this.#starting.get(placement)?.task ?? this.#engine.containers.get(placement)?.task
    if (task === undefined || !(this.#known.has(placement) || this.#starting.has(placement))) return null
    const status =
      this.#engine.containers.get(placement)?.state ?? ({ state: 'starting', progress: 'pulling' } as const)
    const devices = task.devices.map(({ uuid }) => uuid)
    return { placement, workload: task.workload, handle: placement, devices, status }
  }

  onStatus(listener: (status: TaskStatus) => void): Unsubscribe {
    return this.#engine.onChange((placement) => {
      const status = this.status(placement)
      if (status !== null) listener(status)
    })
  }

  logs(): AsyncIterable<LogBlock> {
    throw new Error('this engine keeps no logs')
  }

  stats(): Promise<TaskStats> {
    throw new Error('this engine measures nothing')
  }

  exec(): Promise<never> {
    throw new Error('this engine runs no further commands')
  }

  address(): Promise<never> {
    throw new Error('this engine has no ports')
  }

  close(): Promise<void> {
    return Promise.resolve()
  }

  async #launch(task: Task, signal: AbortSignal): Promise<void> {
    // Pulling ends with the daemon; what was sent to the engine does not.
    await this.#life.of(this.#pass(3_000))
    signal.throwIfAborted()
    await this.#pass(20)
    this.#known.add(task.placement)
    this.#engine.run(task)
  }

  #pass(span: Millis): Promise<void> {
    return new Promise((resolve) => void this.#world.after(this.#world.next() * span, resolve))
  }
}
