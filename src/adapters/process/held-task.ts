/** One task as the daemon sees it: a folder, what is known of it, and a watch that keeps that up to date until the task has ended. */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { CheckpointSignal } from '../../model/checkpoint.ts'
import { ClawError } from '../../model/failure.ts'
import type { Instant } from '../../model/time.ts'
import type { TaskState, TaskStats, TaskStatus } from '../../ports/executor.ts'
import { FolderWatch } from './folder-watch.ts'
import { isAlive } from './identity.ts'
import { endedState } from './outcome.ts'
import { killAll, send, terminate, type ProcessTree } from './process-tree.ts'
import {
  files,
  readExit,
  readRunning,
  writeExit,
  writeRecord,
  type ExitRecord,
  type RunningRecord,
  type TaskRecord,
} from './records.ts'
import { removeCgroups } from './cgroup.ts'
import { markOf } from './task-environment.ts'
import { measure, noStats, type CpuReading } from './task-stats.ts'

/** How long a supervisor may take to start its command before it counts as dead. */
const startMs = 15_000

export class HeldTask {
  readonly folder: string
  readonly task: TaskRecord
  readonly #emit: (status: TaskStatus) => void
  readonly #watch: FolderWatch
  readonly #closing = new AbortController()
  readonly #heldSince: Instant = Date.now()
  readonly #settled = new Set<() => void>()
  #state: TaskState = { state: 'starting', progress: 'starting process' }
  #running: RunningRecord | null = null
  #cpu: CpuReading | null = null
  /** False once the supervisor that this daemon started has ended. */
  #mayStart = true

  constructor(folder: string, task: TaskRecord, emit: (status: TaskStatus) => void) {
    this.folder = folder
    this.task = task
    this.#emit = emit
    this.#watch = new FolderWatch(folder)
  }

  get status(): TaskStatus {
    const { placement, workload, devices, ports } = this.task
    const handle = this.#running === null ? null : String(this.#running.child.pid)
    return { placement, workload, handle, devices, ...(ports !== undefined && { ports }), status: this.#state }
  }

  get state(): TaskState {
    return this.#state
  }

  /** Looks until the task has ended or the daemon lets go of it. Every change is told. */
  async keepLooking(): Promise<void> {
    const { signal } = this.#closing
    while (!signal.aborted && this.#state.state !== 'ended') {
      if (!(await waited(this.#watch.changed(signal), signal))) return
      await this.look()
    }
  }

  /** Reads what there is to be known now. */
  async look(): Promise<void> {
    if (this.#state.state === 'ended') return
    // Found dead before the last look at its files: whatever it still had to write is there.
    const isDead = await this.#isSupervisorDead()
    this.#running ??= await readRunning(this.folder)
    if (this.#running !== null && this.#state.state === 'starting')
      this.#become({ state: 'running', startedAt: this.#running.startedAt })
    const exit = await readExit(this.folder)
    // What ends at once may do both between these two looks: it did run.
    if (exit !== null) this.#running ??= await readRunning(this.folder)
    if (exit !== null) this.#become(endedState(exit, this.task))
    else if (isDead) await this.#bury()
  }

  /** The supervisor that this daemon started is gone. */
  supervisorEnded(): void {
    this.#mayStart = false
    this.#watch.touch()
  }

  /** Resolves when the state is one of these, or the daemon has let go. */
  async reached(...states: readonly TaskState['state'][]): Promise<void> {
    while (!states.includes(this.#state.state) && !this.#closing.signal.aborted)
      await new Promise<void>((resolve) => this.#settled.add(resolve))
  }

  /** Ends the task: SIGTERM, after the grace SIGKILL to all of its processes. Returns once it has ended. */
  async stop(grace: number): Promise<void> {
    await this.reached('running', 'ended')
    const tree = this.tree()
    if (this.#state.state === 'ended' || tree === null) return
    await this.#noteStop()
    if (grace > 0) {
      await terminate(tree)
      await this.#within(grace)
    }
    while (!this.#isSettled()) {
      await killAll(tree)
      this.#watch.touch()
      await this.#within(500)
    }
  }

  /** On a full disk nobody will know that the end was asked for. It comes all the same: the devices may be another's soon. */
  async #noteStop(): Promise<void> {
    try {
      await writeRecord(this.folder, files.stop, {})
    } catch (error) {
      if (!ClawError.is(error, 'DISK_FULL')) throw error
    }
  }

  /** To the command's own process. Nothing happens unless it runs. */
  async signal(name: CheckpointSignal): Promise<void> {
    const tree = this.tree()
    if (this.#state.state === 'running' && tree !== null) await send(tree, name)
  }

  async stats(): Promise<TaskStats> {
    const tree = this.tree()
    if (tree === null || this.#running === null || this.#state.state !== 'running') return noStats
    const before = this.#cpu ?? { at: this.#running.startedAt, usedMs: 0 }
    const { stats, cpu } = await measure(tree, before, this.task.memoryMib)
    if (cpu.at - before.at >= 100) this.#cpu = cpu
    return stats
  }

  /** Stops looking. The task goes on. */
  letGo(): void {
    this.#closing.abort()
    this.#watch.close()
    this.#wake()
  }

  /** Lets go, and removes everything that the task has left. */
  async erase(): Promise<void> {
    this.letGo()
    await removeCgroups(this.#running?.cgroups ?? [])
    await rm(this.folder, { recursive: true, force: true, maxRetries: 3 })
  }

  get logFolder(): string {
    return join(this.folder, files.log)
  }

  tree(): ProcessTree | null {
    if (this.#running === null) return null
    return { child: this.#running.child, cgroups: this.#running.cgroups, mark: markOf(this.task.placement) }
  }

  async #isSupervisorDead(): Promise<boolean> {
    if (this.#running !== null) return !(await isAlive(this.#running.supervisor))
    return !this.#mayStart || Date.now() - this.#heldSince > startMs
  }

  /** The supervisor is dead and has not said how the task ended: nobody will know, so nothing of it may go on. */
  async #bury(): Promise<void> {
    const tree = this.tree()
    if (tree !== null) await killAll(tree)
    const detail = tree === null ? 'its supervisor did not start it' : 'its supervisor is gone'
    const lost: ExitRecord = { exitCode: null, reason: 'lost', detail, endedAt: Date.now() }
    try {
      await writeExit(this.folder, lost)
    } catch (error) {
      if (!ClawError.is(error, 'DISK_FULL')) throw error
      // It is looked at again, until there is space to say so; but what never ran, and never will, needs no record.
      if (tree === null && !this.#mayStart) this.#become(endedState(lost, this.task))
    }
    const exit = await readExit(this.folder)
    if (exit !== null) this.#become(endedState(exit, this.task))
  }

  #become(state: TaskState): void {
    if (this.#state.state === 'ended' || this.#closing.signal.aborted) return
    this.#state = state
    this.#emit(this.status)
    this.#wake()
  }

  #wake(): void {
    const waiting = [...this.#settled]
    this.#settled.clear()
    for (const wake of waiting) wake()
  }

  #isSettled(): boolean {
    return this.#state.state === 'ended' || this.#closing.signal.aborted
  }

  async #within(ms: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, ms)))
    await Promise.race([this.reached('ended'), late])
    clearTimeout(timer)
  }
}

/** False when the wait was called off. */
async function waited(wait: Promise<void>, signal: AbortSignal): Promise<boolean> {
  try {
    await wait
    return true
  } catch (error) {
    if (signal.aborted) return false
    throw error
  }
}
