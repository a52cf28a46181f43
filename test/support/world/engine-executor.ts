/** One daemon's door to the engine of its host. Every wait is on the daemon's own clock, so that the dead hear nothing. */
import type { LogBlock } from '../../../src/lib/log-block.ts'
import { ClawError } from '../../../src/model/failure.ts'
import type { MeshId, NodeId, PlacementId } from '../../../src/model/ids.ts'
import type { Millis } from '../../../src/model/time.ts'
import type { Clock } from '../../../src/ports/clock.ts'
import type { Executor, Task, TaskState, TaskStats, TaskStatus } from '../../../src/ports/executor.ts'
import type { Random } from '../../../src/ports/random.ts'
import type { Unsubscribe } from '../../../src/ports/rpc.ts'
import type { Engine } from './engine.ts'

interface Starting {
  readonly task: Task
  isCancelled: boolean
  readonly over: PromiseWithResolvers<void>
}

export interface EngineExecutorDeps {
  readonly engine: Engine
  readonly clock: Clock
  readonly random: Random
  /** Longest pull of an image. */
  readonly pull: Millis
}

/** How long a container takes to be created and started. */
const launch: Millis = 20

export class EngineExecutor implements Executor {
  readonly kind = 'docker'
  readonly #deps: EngineExecutorDeps
  readonly #known = new Set<PlacementId>()
  readonly #starting = new Map<PlacementId, Starting>()

  constructor(deps: EngineExecutorDeps) {
    this.#deps = deps
  }

  version(): Promise<string> {
    return Promise.resolve('engine 1')
  }

  async adopt(mesh: MeshId, node: NodeId): Promise<readonly TaskStatus[]> {
    await this.#wait(50)
    for (const { placement } of this.#deps.engine.tasksOf(mesh, node)) this.#known.add(placement)
    return [...this.#known].flatMap((placement) => this.status(placement) ?? [])
  }

  async start(task: Task, signal: AbortSignal): Promise<void> {
    const { placement } = task
    if (this.#known.has(placement)) return
    const before = this.#starting.get(placement)
    if (before !== undefined) return before.over.promise
    const starting: Starting = { task, isCancelled: false, over: Promise.withResolvers<void>() }
    this.#starting.set(placement, starting)
    try {
      await this.#launch(starting, signal)
    } finally {
      this.#starting.delete(placement)
      starting.over.resolve()
    }
  }

  async stop(placement: PlacementId, grace: Millis): Promise<void> {
    const { engine } = this.#deps
    const starting = this.#starting.get(placement)
    if (starting !== undefined) {
      starting.isCancelled = true
      await starting.over.promise
    }
    if (!engine.isRunning(placement)) return
    if (grace > 0) {
      engine.terminate(placement)
      await this.#endedWithin(placement, grace)
    }
    engine.kill(placement)
  }

  async signal(placement: PlacementId): Promise<void> {
    this.#deps.engine.announceSignal(placement)
    await this.#wait(10)
    this.#deps.engine.signal(placement)
  }

  async remove(placement: PlacementId): Promise<void> {
    await this.#wait(10)
    this.#deps.engine.remove(placement)
    this.#known.delete(placement)
  }

  status(placement: PlacementId): TaskStatus | null {
    const starting = this.#starting.get(placement)
    const container = this.#known.has(placement) ? this.#deps.engine.containers.get(placement) : undefined
    const task = container?.task ?? starting?.task
    if (task === undefined) return null
    const status: TaskState = container?.state ?? { state: 'starting', progress: 'pulling' }
    return {
      ...{ placement, workload: task.workload, handle: container === undefined ? null : `box-${placement}` },
      ...{ devices: task.devices.map(({ uuid }) => uuid), status },
    }
  }

  onStatus(listener: (status: TaskStatus) => void): Unsubscribe {
    // What happens in a turn is told in the next one, and to nobody once the daemon is dead.
    return this.#deps.engine.onChange((placement) => {
      this.#deps.clock.after(0, () => {
        const status = this.status(placement)
        if (status !== null) listener(status)
      })
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

  async #launch(starting: Starting, signal: AbortSignal): Promise<void> {
    const { engine, random, pull } = this.#deps
    const { task } = starting
    await this.#wait(random.next() * pull)
    signal.throwIfAborted()
    if (starting.isCancelled) throw new ClawError('CONTAINER_FAILED', { detail: 'it was stopped while it started' })
    if (engine.isJammed)
      throw new ClawError('EXECUTOR_UNAVAILABLE', { executor: 'docker', detail: 'it does not answer' })
    // What was sent to the engine happens, also when the daemon dies meanwhile.
    engine.soon(random.next() * launch, () => engine.run(task))
    await this.#wait(launch)
    this.#known.add(task.placement)
  }

  async #endedWithin(placement: PlacementId, grace: Millis): Promise<void> {
    const { engine, clock } = this.#deps
    const { promise, resolve } = Promise.withResolvers<void>()
    const cancel = clock.after(grace, resolve)
    const off = engine.onChange((changed) => {
      if (changed === placement && !engine.isRunning(placement)) clock.after(0, resolve)
    })
    if (engine.isRunning(placement)) await promise
    off()
    cancel()
  }

  #wait(span: Millis): Promise<void> {
    return new Promise((resolve) => void this.#deps.clock.after(span, resolve))
  }
}
