/** A container engine in virtual time. It outlives the daemons that use it, and tells a witness of everything that it really runs. */
import type { MeshId, NodeId, PlacementId, WorkloadId } from '../../../src/model/ids.ts'
import type { Instant, Millis } from '../../../src/model/time.ts'
import { ClawError } from '../../../src/model/failure.ts'
import type { WorkloadError } from '../../../src/model/workload.ts'
import type { Task, TaskState } from '../../../src/ports/executor.ts'
import type { World } from '../../../src/simulation/world.ts'

/** One container that ran, as the host saw it and whatever the mesh thinks of it. */
export interface Execution {
  readonly placement: PlacementId
  readonly workload: WorkloadId
  readonly attempt: number
  readonly node: NodeId
  readonly devices: readonly string[]
  readonly beganAt: Millis
  endedAt: Millis | null
  exitCode: number | null
  /** Whether it ended before anybody told it to, and not because the power went. */
  byItself: boolean
}

export interface Witness {
  began(execution: Execution): void
  ended(execution: Execution): void
}

export interface Container {
  readonly task: Task
  readonly execution: Execution
  state: Exclude<TaskState, { state: 'starting' }>
  isAsked: boolean
  /** It was told to save, and may go at once: its end need not be its own doing any more. */
  isSaving: boolean
}

/** What a container does, from its environment: how long it runs, how often it fails, and what SIGTERM does to it. */
const numberIn = ({ spec }: Task, name: string): number => Number(spec.env[name] ?? 0)

export class Engine {
  readonly containers = new Map<PlacementId, Container>()
  /** While set, nothing can be started. What runs goes on. */
  isJammed = false
  readonly #world: World
  readonly #witness: Witness
  readonly #now: () => Instant
  readonly #listeners = new Set<(placement: PlacementId) => void>()
  #life = 0

  /** `now` is the host's own clock. */
  constructor(world: World, witness: Witness, now: () => Instant) {
    this.#now = now
    this.#world = world
    this.#witness = witness
  }

  /** Carries out a request that is on its way, unless the power goes first. */
  soon(wait: Millis, run: () => void): void {
    const life = this.#life
    this.#world.after(wait, () => {
      if (life === this.#life) run()
    })
  }

  run(task: Task): void {
    const { placement, workload, attempt, node } = task
    // A container's name is taken only once.
    if (this.containers.has(placement)) return
    const execution: Execution = {
      ...{ placement, workload, attempt, node, devices: task.devices.map(({ uuid }) => uuid) },
      ...{ beganAt: this.#world.elapsed(), endedAt: null, exitCode: null, byItself: false },
    }
    const state = { state: 'running', startedAt: this.#now() } as const
    this.containers.set(placement, { task, execution, state, isAsked: false, isSaving: false })
    const exitCode = this.#world.next() < numberIn(task, 'FAILS') ? 1 : 0
    const span = numberIn(task, 'SPAN') * (0.5 + this.#world.next())
    this.soon(span, () => this.#end(placement, { exitCode, byItself: true }))
    const { timeoutMs } = task.spec
    if (timeoutMs !== undefined) this.soon(timeoutMs, () => this.#end(placement, { exitCode: 137, timeoutMs }))
    this.#witness.began(execution)
    this.#tell(placement)
  }

  /** Some obey at once, some take their time, some never do. */
  terminate(placement: PlacementId): void {
    const container = this.containers.get(placement)
    if (container === undefined) return
    container.isAsked = true
    const reaction = numberIn(container.task, 'TERM')
    const exitCode = numberIn(container.task, 'TERM_EXIT')
    if (reaction >= 0) this.soon(reaction, () => this.#end(placement, { exitCode }))
  }

  /** A signal is on its way. Nobody can tell whether an end from here on came of it. */
  announceSignal(placement: PlacementId): void {
    const container = this.containers.get(placement)
    if (container !== undefined) container.isSaving = true
  }

  /** What saves ends by itself when it has, or waits to be stopped. */
  signal(placement: PlacementId): void {
    const container = this.containers.get(placement)
    if (container === undefined) return
    const save = numberIn(container.task, 'SAVE')
    if (save > 0) this.soon(save, () => this.#end(placement, { exitCode: 0 }))
  }

  kill(placement: PlacementId): void {
    const container = this.containers.get(placement)
    if (container !== undefined) container.isAsked = true
    this.#end(placement, { exitCode: 137 })
  }

  remove(placement: PlacementId): void {
    this.containers.delete(placement)
  }

  /** The host itself goes down: nothing survives, but what there was is known. */
  powerCut(): void {
    this.#life += 1
    this.#listeners.clear()
    for (const placement of this.containers.keys()) this.#end(placement, { exitCode: 137 })
  }

  isRunning(placement: PlacementId): boolean {
    return this.containers.get(placement)?.state.state === 'running'
  }

  tasksOf(mesh: MeshId, node: NodeId): readonly Task[] {
    return Array.from(this.containers.values(), ({ task }) => task).filter(
      (task) => task.mesh === mesh && task.node === node,
    )
  }

  onChange(listener: (placement: PlacementId) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  #end(
    placement: PlacementId,
    end: { readonly exitCode: number; readonly byItself?: true; readonly timeoutMs?: Millis },
  ): void {
    const container = this.containers.get(placement)
    if (container?.state.state !== 'running') return
    const { execution } = container
    execution.endedAt = this.#world.elapsed()
    execution.exitCode = end.exitCode
    execution.byItself = end.byItself === true && !container.isAsked && !container.isSaving
    const error = errorOf(end, container)
    container.state = { state: 'ended', exitCode: end.exitCode, error, endedAt: this.#now() }
    this.#witness.ended(execution)
    this.#tell(placement)
  }

  #tell(placement: PlacementId): void {
    for (const listener of [...this.#listeners]) listener(placement)
  }
}

function errorOf(
  { exitCode, timeoutMs }: { readonly exitCode: number; readonly timeoutMs?: Millis },
  { isAsked }: Pick<Container, 'isAsked'>,
): WorkloadError | null {
  if (timeoutMs !== undefined) return asData(new ClawError('WORKLOAD_TIMEOUT', { seconds: timeoutMs / 1_000 }))
  return exitCode === 0 || isAsked ? null : asData(new ClawError('NONZERO_EXIT', { exitCode }))
}

const asData = ({ code, message }: ClawError): WorkloadError => ({ code, message })
