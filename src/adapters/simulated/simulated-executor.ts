/** Runs nothing: tasks begin, print and end as their script says, by the clock that it is given. For simulations and for trying things out. */
import type { LogBlock } from '../../lib/log-block.ts'
import { blockOf } from '../../lib/log-block.ts'
import type { CheckpointSignal } from '../../model/checkpoint.ts'
import { ClawError } from '../../model/failure.ts'
import type { MeshId, NodeId, PlacementId } from '../../model/ids.ts'
import type { Isolation } from '../../model/molt-hardware.ts'
import type { Millis } from '../../model/time.ts'
import type { Cancel, Clock } from '../../ports/clock.ts'
import type { ExecRequest, ExecSession } from '../../ports/exec.ts'
import type { Executor, LogQuery, PortAddress, Task, TaskStats, TaskStatus } from '../../ports/executor.ts'
import type { Unsubscribe } from '../../ports/rpc.ts'
import { SimulatedSession } from './simulated-session.ts'
import {
  advance,
  end,
  killedCode,
  nextAt,
  pause,
  resume,
  signalled,
  simulatedTask,
  statusOf,
  terminate,
} from './simulated-task.ts'
import type { SimulatedTask } from './simulated-task.ts'

/** The tasks, apart from the executor: whoever keeps it over a restart keeps the tasks. */
export type SimulatedStore = Map<PlacementId, SimulatedTask>

export interface SimulatedExecutorSettings {
  readonly clock: Clock
  readonly store: SimulatedStore
}

export class SimulatedExecutor implements Executor {
  readonly kind = 'simulated'
  readonly #clock: Clock
  readonly #store: SimulatedStore
  /** Tasks that this executor has started or adopted, with their timers. */
  readonly #timers = new Map<PlacementId, Cancel>()
  readonly #listeners = new Set<(status: TaskStatus) => void>()
  readonly #waiting = new Set<() => void>()

  constructor({ clock, store }: SimulatedExecutorSettings) {
    this.#clock = clock
    this.#store = store
  }

  version(signal: AbortSignal): Promise<string> {
    return work(signal, () => 'simulated 1')
  }

  adopt(mesh: MeshId, node: NodeId, signal: AbortSignal): Promise<readonly TaskStatus[]> {
    return work(signal, () => {
      const own = [...this.#store.values()].filter(({ ids }) => ids.mesh === mesh && ids.node === node)
      for (const task of own) if (!this.#timers.has(task.ids.placement)) this.#go(task)
      return own.map(statusOf)
    })
  }

  start(task: Task, signal: AbortSignal): Promise<void> {
    return work(signal, () => {
      const { placement } = task
      if (this.#timers.has(placement)) return
      const earlier = this.#store.get(placement)
      const started = earlier ?? simulatedTask(task, this.#clock.now())
      if (earlier === undefined) {
        this.#store.set(placement, started)
        this.#tell({ ...statusOf(started), handle: null, status: { state: 'starting', progress: 'starting' } })
      }
      this.#tell(statusOf(started))
      this.#go(started)
    })
  }

  async stop(placement: PlacementId, grace: Millis): Promise<void> {
    const task = this.#known(placement)
    if (task === null || task.state.state === 'ended') return
    task.stopAsked = true
    if (grace > 0) {
      this.#change(task, () => terminate(task, this.#clock.now()))
      await this.#endedWithin(task, grace)
    }
    if (statusOf(task).status.state === 'ended') return
    this.#change(task, () => end(task, killedCode, this.#clock.now()))
  }

  signal(placement: PlacementId, name: CheckpointSignal): Promise<void> {
    const task = this.#known(placement)
    if (task !== null) this.#change(task, () => signalled(task, name, this.#clock.now()))
    return Promise.resolve()
  }

  /** Nothing runs, so nothing can break out. */
  isolations(): Promise<readonly Isolation[]> {
    return Promise.resolve(['gvisor'])
  }

  pause(placement: PlacementId): Promise<void> {
    const task = this.#known(placement)
    if (task !== null) this.#change(task, () => pause(task, this.#clock.now()))
    return Promise.resolve()
  }

  resume(placement: PlacementId): Promise<void> {
    const task = this.#known(placement)
    if (task !== null) this.#change(task, () => resume(task, this.#clock.now()))
    return Promise.resolve()
  }

  remove(placement: PlacementId): Promise<void> {
    const task = this.#known(placement)
    if (task === null) return Promise.resolve()
    if (task.state.state !== 'ended')
      return Promise.reject(new Error(`${placement} has not ended, and cannot be removed`))
    this.#timers.delete(placement)
    this.#store.delete(placement)
    this.#wake()
    return Promise.resolve()
  }

  status(placement: PlacementId): TaskStatus | null {
    const task = this.#known(placement)
    return task === null ? null : statusOf(task)
  }

  onStatus(listener: (status: TaskStatus) => void): Unsubscribe {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  async *logs(placement: PlacementId, query: LogQuery, signal: AbortSignal): AsyncGenerator<LogBlock> {
    signal.throwIfAborted()
    const task = this.#found(placement)
    const { follow, tail, from } = query
    let after = from ?? (tail === null ? 0 : task.lastPosition - tail)
    for (;;) {
      const isOver = task.state.state === 'ended' || this.#known(placement) !== task
      const wanted = task.lines.filter(({ position }) => position > after)
      after = wanted.at(-1)?.position ?? after
      signal.throwIfAborted()
      if (wanted.length > 0) yield blockOf(wanted)
      if (wanted.length > 0) continue
      if (!follow || isOver) return
      await this.#changed(signal)
    }
  }

  stats(placement: PlacementId, signal: AbortSignal): Promise<TaskStats> {
    return work(signal, () => {
      const isRunning = this.#found(placement).state.state === 'running'
      return {
        cpuPercent: isRunning ? 100 : 0,
        memoryUsedMib: isRunning ? 64 : 0,
        memoryLimitMib: null,
        networkRxBytes: 0,
        networkTxBytes: 0,
        blockReadBytes: 0,
        blockWriteBytes: 0,
        pids: isRunning ? 1 : 0,
        processes: null,
      }
    })
  }

  exec(placement: PlacementId, request: ExecRequest, signal: AbortSignal): Promise<ExecSession> {
    return work(signal, () => {
      const task = this.#runningTask(placement)
      const ended = new AbortController()
      const stop = this.onStatus((status) => {
        if (status.placement === placement && status.status.state === 'ended') ended.abort()
      })
      const onEnd = (): void => stop()
      return new SimulatedSession({ clock: this.#clock, env: task.env, request, ended: ended.signal, onEnd }, signal)
    })
  }

  address(placement: PlacementId, port: number, signal: AbortSignal): Promise<PortAddress> {
    return work(signal, () => {
      this.#runningTask(placement)
      return { host: '127.0.0.1', port }
    })
  }

  close(): Promise<void> {
    for (const cancel of this.#timers.values()) cancel()
    this.#timers.clear()
    return Promise.resolve()
  }

  /** Only tasks of its own are known: others in the store belong to whoever adopts them. */
  #known(placement: PlacementId): SimulatedTask | null {
    return this.#timers.has(placement) ? (this.#store.get(placement) ?? null) : null
  }

  #found(placement: PlacementId): SimulatedTask {
    const task = this.#known(placement)
    if (task === null) throw new ClawError('WORKLOAD_NOT_FOUND', { workload: placement })
    return task
  }

  #runningTask(placement: PlacementId): SimulatedTask {
    const task = this.#found(placement)
    if (task.state.state === 'running') return task
    throw new ClawError('WORKLOAD_NOT_RUNNING', { workload: placement, state: task.state.state })
  }

  /** Plays what is due, and comes back when there is more. */
  #go(task: SimulatedTask): void {
    this.#change(task, () => advance(task, this.#clock.now()))
  }

  #change(task: SimulatedTask, change: () => void): void {
    const { placement } = task.ids
    this.#timers.get(placement)?.()
    const before = task.state
    change()
    const next = nextAt(task)
    const again = next === null ? () => {} : this.#clock.after(next - this.#clock.now(), () => this.#go(task))
    this.#timers.set(placement, again)
    if (task.state !== before) this.#tell(statusOf(task))
    this.#wake()
  }

  #tell(status: TaskStatus): void {
    for (const listener of [...this.#listeners]) listener(status)
  }

  #wake(): void {
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    for (const wake of waiting) wake()
  }

  /** Waits until any task has changed. Throws the signal's reason. */
  async #changed(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        signal.removeEventListener('abort', wake)
        this.#waiting.delete(wake)
        resolve()
      }
      this.#waiting.add(wake)
      signal.addEventListener('abort', wake)
    })
    signal.throwIfAborted()
  }

  async #endedWithin(task: SimulatedTask, grace: Millis): Promise<void> {
    let isLate = false
    const cancel = this.#clock.after(grace, () => {
      isLate = true
      this.#wake()
    })
    while (!isLate && statusOf(task).status.state !== 'ended')
      await new Promise<void>((resolve) => this.#waiting.add(resolve))
    cancel()
  }
}

/** The port promises promises; nothing here has to wait. */
async function work<T>(signal: AbortSignal, run: () => T): Promise<T> {
  signal.throwIfAborted()
  return run()
}
