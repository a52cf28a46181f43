/** One test's worth of an executor: the rig, the executor that is open, and the small steps that tests are made of. */
import { linesOf, type LogLine } from '../../src/lib/log-block.ts'
import type { CheckpointSignal } from '../../src/model/checkpoint.ts'
import { ClawError } from '../../src/model/failure.ts'
import { meshId, nodeId, placementId, workloadId } from '../../src/model/ids.ts'
import type { PlacementId, WorkloadId } from '../../src/model/ids.ts'
import type { GpuDevice } from '../../src/model/gpu.ts'
import type { Millis } from '../../src/model/time.ts'
import { WorkloadSpec } from '../../src/model/workload.ts'
import type { Executor, LogQuery, Task, TaskState, TaskStatus } from '../../src/ports/executor.ts'
import { shellCommand } from './program.ts'
import type { Program } from './program.ts'

/** One engine, and the executors that live on it one after the other. */
export interface ExecutorRig {
  /** An executor on this rig's engine. The second one finds what the first left, as a restarted daemon does. */
  readonly open: () => Promise<Executor>
  /** Waits for work. An executor in virtual time moves its clock until the work is done. */
  readonly play?: <T>(work: Promise<T>) => Promise<T>
  /** All that it keeps of its tasks where others could look: its files on disk, what its engine shows of it. */
  readonly traces: () => Promise<readonly Buffer[]>
  /** Folder in memory below which the files of tasks are; null where there is none. */
  readonly memory: string | null
  /** Ends and removes every task that a test left behind. */
  readonly dispose: () => Promise<void>
}

export interface ExecutorAbilities {
  /** How a program is written for this executor; a shell's way when left out. */
  readonly command?: (program: Program) => string[]
  /** The image that tasks name. */
  readonly image: string
  /** Enforces memory limits and says OOM_KILLED. */
  readonly oom: boolean
  /** Knows whether an image exists. */
  readonly images: boolean
  /** Knows whether a program exists. */
  readonly programs: boolean
  /** Gives a terminal to whoever asks for one. */
  readonly terminals: boolean
  /** Tasks live on when the executor is closed. */
  readonly keepsTasks: boolean
  /** Files have modes and owners; `alone`: they cannot be changed, not by root either. */
  readonly files: 'none' | 'owned' | 'alone'
  /** Shows the environment of a task to those who ask the engine for that very task. */
  readonly showsEnvironment: boolean
  /** A device that the engine can give, if there is one. */
  readonly device?: GpuDevice
}

export type Ended = Extract<TaskState, { state: 'ended' }>

export const never = new AbortController().signal
export const mesh = meshId('mesh-00000000000000000000000000000001')
export const node = nodeId('12D3KooWConformance')

const everything: LogQuery = { follow: false, tail: null, from: null }

let count = 0
export const freshWorkload = (): WorkloadId =>
  workloadId(`wl-c${process.pid.toString(36)}${(count += 1).toString(36)}${Date.now().toString(36)}`)

export class Bench {
  readonly abilities: ExecutorAbilities
  readonly #rig: ExecutorRig
  #executor: Executor

  private constructor(rig: ExecutorRig, executor: Executor, abilities: ExecutorAbilities) {
    this.#rig = rig
    this.#executor = executor
    this.abilities = abilities
  }

  static async open(rig: ExecutorRig, abilities: ExecutorAbilities): Promise<Bench> {
    return new Bench(rig, await rig.open(), abilities)
  }

  get rig(): Pick<ExecutorRig, 'traces' | 'memory'> {
    return this.#rig
  }

  /** The executor that is open now. */
  get executor(): Executor {
    return this.#executor
  }

  /** Lets go of the executor and opens another on the same engine, which knows no task yet. */
  async reopen(): Promise<void> {
    await this.play(this.#executor.close())
    this.#executor = await this.#rig.open()
  }

  async close(): Promise<void> {
    await this.play(this.#executor.close())
    await this.#rig.dispose()
  }

  play<T>(work: Promise<T>): Promise<T> {
    return this.#rig.play?.(work) ?? work
  }

  task(program: Program | readonly string[], spec: Partial<WorkloadSpec> = {}): Task {
    const workload = freshWorkload()
    const isArguments = (steps: Program | readonly string[]): steps is readonly string[] => typeof steps[0] === 'string'
    const command = isArguments(program) ? program : (this.abilities.command ?? shellCommand)(program)
    return {
      placement: placementId(workload, 1),
      workload,
      attempt: 1,
      term: 7,
      env: {},
      mesh,
      node,
      name: workload,
      spec: { ...WorkloadSpec.parse({ image: this.abilities.image, command }), ...spec },
      devices: [],
    }
  }

  start(task: Task): Promise<void> {
    return this.play(this.#executor.start(task, never))
  }

  stop(placement: PlacementId, grace: Millis): Promise<void> {
    return this.play(this.#executor.stop(placement, grace))
  }

  signal(placement: PlacementId, name: CheckpointSignal): Promise<void> {
    return this.play(this.#executor.signal(placement, name))
  }

  get canPause(): boolean {
    return this.#executor.pause !== undefined && this.#executor.resume !== undefined
  }

  async pause(placement: PlacementId): Promise<void> {
    await this.play(Promise.resolve(this.#executor.pause?.(placement)))
  }

  async resume(placement: PlacementId): Promise<void> {
    await this.play(Promise.resolve(this.#executor.resume?.(placement)))
  }

  remove(placement: PlacementId): Promise<void> {
    return this.play(this.#executor.remove(placement))
  }

  status(placement: PlacementId): TaskStatus | null {
    return this.#executor.status(placement)
  }

  adopt(): Promise<readonly TaskStatus[]> {
    return this.play(this.#executor.adopt(mesh, node, never))
  }

  /** Waits for a task's end by its status alone. */
  ended(placement: PlacementId): Promise<Ended> {
    const executor = this.#executor
    const end = new Promise<Ended>((resolve) => {
      const look = (status: TaskStatus | null): void => {
        if (status?.placement !== placement || status.status.state !== 'ended') return
        unsubscribe()
        resolve(status.status)
      }
      const unsubscribe = executor.onStatus(look)
      look(executor.status(placement))
    })
    return this.play(end)
  }

  /** The code of what became of a task, whether it could not be started or ended badly. Null when it ended well. */
  async outcome(task: Task): Promise<string | null> {
    try {
      await this.start(task)
    } catch (error) {
      if (error instanceof ClawError && this.status(task.placement) === null) return error.code
      throw error
    }
    return (await this.ended(task.placement)).error?.code ?? null
  }

  lines(placement: PlacementId, query: Partial<LogQuery> = {}): Promise<LogLine[]> {
    const read = async (): Promise<LogLine[]> => {
      const lines: LogLine[] = []
      for await (const block of this.#executor.logs(placement, { ...everything, ...query }, never))
        lines.push(...linesOf(block))
      return lines
    }
    return this.play(read())
  }

  async texts(placement: PlacementId, query: Partial<LogQuery> = {}): Promise<string[]> {
    return (await this.lines(placement, query)).map(({ text }) => text)
  }

  /** The first lines of a followed log, after which the reader goes away. */
  firstLines(placement: PlacementId, howMany: number): Promise<LogLine[]> {
    const read = async (): Promise<LogLine[]> => {
      const lines: LogLine[] = []
      for await (const block of this.#executor.logs(placement, { ...everything, follow: true }, never))
        if (lines.push(...linesOf(block)) >= howMany) break
      return lines.slice(0, howMany)
    }
    return this.play(read())
  }

  /** Follows a log and is called off at its first line. */
  calledOff(placement: PlacementId, reason: Error): Promise<void> {
    const off = new AbortController()
    const read = async (): Promise<void> => {
      const log = this.#executor.logs(placement, { ...everything, follow: true }, off.signal)
      for await (const block of log) if (block.length > 0) off.abort(reason)
    }
    return this.play(read())
  }
}
