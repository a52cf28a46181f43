/**
 * Runs tasks as plain processes of the host, for hosts without a container engine. The image is only a name here: the command must be
 * there already. Each task has a supervisor process of its own, so it outlives the daemon, and a folder, so a restarted daemon finds it.
 */
import { spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { mkdir, readdir, readFile, rm } from 'node:fs/promises'
import os from 'node:os'
import { join } from 'node:path'
import { hasCode } from '../../lib/error-code.ts'
import type { LogBlock } from '../../lib/log-block.ts'
import type { CheckpointSignal } from '../../model/checkpoint.ts'
import { ClawError } from '../../model/failure.ts'
import type { MeshId, NodeId, PlacementId } from '../../model/ids.ts'
import type { Millis } from '../../model/time.ts'
import type { ExecRequest, ExecSession } from '../../ports/exec.ts'
import type { Executor, LogQuery, PortAddress, Task, TaskStats, TaskStatus } from '../../ports/executor.ts'
import type { MemoryFiles } from '../../ports/memory-files.ts'
import type { Unsubscribe } from '../../ports/rpc.ts'
import { execBeside } from './exec.ts'
import { HeldTask } from './held-task.ts'
import { readLog } from './log-reader.ts'
import { diskFullExit, files, orDiskFull, readTask, writeRecord, type TaskRecord } from './records.ts'
import { commandOf } from './task-command.ts'
import { defaultPath, environmentOf } from './task-environment.ts'

export interface ProcessExecutorSettings {
  /** Where the folders of the tasks are. */
  readonly folder: string
  /** The supervisor program, a file that this Node can run: `dist/supervise.js`. */
  readonly supervisor: string
  /** Where secret files are; tasks that have some are refused when left out. */
  readonly memory?: MemoryFiles
  /** A bug in watching a task ends here. */
  readonly onPanic: (error: unknown) => void
}

export class ProcessExecutor implements Executor {
  readonly kind = 'process'
  readonly #settings: ProcessExecutorSettings
  readonly #held = new Map<PlacementId, HeldTask>()
  readonly #starts = new Map<PlacementId, Promise<void>>()
  readonly #listeners = new Set<(status: TaskStatus) => void>()

  constructor(settings: ProcessExecutorSettings) {
    this.#settings = settings
  }

  version(signal: AbortSignal): Promise<string> {
    signal.throwIfAborted()
    return Promise.resolve(`${os.type()} ${os.release()}`)
  }

  async adopt(mesh: MeshId, node: NodeId, signal: AbortSignal): Promise<readonly TaskStatus[]> {
    const found: HeldTask[] = []
    for (const name of await folderNames(this.#settings.folder)) {
      signal.throwIfAborted()
      const folder = join(this.#settings.folder, name)
      const task = await readTask(folder)
      if (task?.mesh !== mesh || task.node !== node) continue
      found.push(this.#held.get(task.placement) ?? (await this.#adoptOne(folder, task)))
    }
    const live = [...this.#held.values()].filter(({ state }) => state.state !== 'ended')
    await this.#settings.memory?.keepOnly(new Set(live.map((held) => held.task.placement)))
    return found.map(({ status }) => status)
  }

  async start(task: Task, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    const { placement } = task
    if (this.#held.has(placement) && !this.#starts.has(placement)) return
    const start = this.#starts.get(placement) ?? this.#startOnce(task, signal)
    this.#starts.set(placement, start)
    try {
      await start
    } finally {
      this.#starts.delete(placement)
    }
  }

  async stop(placement: PlacementId, grace: Millis): Promise<void> {
    await this.#held.get(placement)?.stop(grace)
  }

  async signal(placement: PlacementId, name: CheckpointSignal): Promise<void> {
    await this.#held.get(placement)?.signal(name)
  }

  async remove(placement: PlacementId): Promise<void> {
    const held = this.#held.get(placement)
    if (held === undefined) return
    if (held.state.state !== 'ended') throw new Error(`${placement} has not ended, and cannot be removed`)
    this.#held.delete(placement)
    await held.erase()
    // At its end they began to go; whoever has a task removed may rely on it that they have gone.
    await this.#settings.memory?.remove(placement)
  }

  status(placement: PlacementId): TaskStatus | null {
    return this.#held.get(placement)?.status ?? null
  }

  onStatus(listener: (status: TaskStatus) => void): Unsubscribe {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  async *logs(placement: PlacementId, query: LogQuery, signal: AbortSignal): AsyncGenerator<LogBlock> {
    const held = this.#known(placement)
    const isOver = (): boolean => held.state.state === 'ended' || this.#held.get(placement) !== held
    yield* readLog({ folder: held.logFolder, isOver }, query, signal)
  }

  async stats(placement: PlacementId, signal: AbortSignal): Promise<TaskStats> {
    signal.throwIfAborted()
    return this.#known(placement).stats()
  }

  async exec(placement: PlacementId, request: ExecRequest, signal: AbortSignal): Promise<ExecSession> {
    const { folder, task, cgroups } = this.#runningTask(placement)
    return execBeside({ folder, env: task.env, cgroups, onPanic: this.#settings.onPanic }, request, signal)
  }

  /** Tasks have the host's own network, so a port is what the task was told to take, or has chosen. */
  async address(placement: PlacementId, port: number, signal: AbortSignal): Promise<PortAddress> {
    signal.throwIfAborted()
    this.#runningTask(placement)
    return Promise.resolve({ host: '127.0.0.1', port })
  }

  close(): Promise<void> {
    for (const held of this.#held.values()) held.letGo()
    return Promise.resolve()
  }

  #runningTask(placement: PlacementId) {
    const held = this.#known(placement)
    const { folder, task, state } = held
    const tree = held.tree()
    if (state.state !== 'running' || tree === null)
      throw new ClawError('WORKLOAD_NOT_RUNNING', { workload: placement, state: state.state })
    return { folder, task, cgroups: tree.cgroups }
  }

  #known(placement: PlacementId): HeldTask {
    const held = this.#held.get(placement)
    if (held === undefined) throw new ClawError('WORKLOAD_NOT_FOUND', { workload: placement })
    return held
  }

  /** A full disk may be over soon, so it counts as an executor that does not answer. */
  async #startOnce(task: Task, signal: AbortSignal): Promise<void> {
    try {
      await this.#startIn(join(this.#settings.folder, task.placement), task, signal)
    } catch (error) {
      const failure = orDiskFull(error, this.#settings.folder)
      if (!ClawError.is(failure, 'DISK_FULL')) throw failure
      const detail = 'its disk is full'
      throw new ClawError('EXECUTOR_UNAVAILABLE', { executor: 'process', detail }, { cause: failure })
    }
  }

  async #startIn(folder: string, task: Task, signal: AbortSignal): Promise<void> {
    const command = await commandOf(task)
    await mkdir(this.#settings.folder, { recursive: true, mode: 0o700 })
    const earlier = await this.#claimFolder(folder)
    if (earlier !== null) {
      await (await this.#adoptOne(folder, earlier)).reached('running', 'ended')
      return
    }
    try {
      const memory = await this.#layFiles(task)
      await this.#launch(
        folder,
        { task, record: recordOf(task, { command, home: join(folder, files.work), memory }) },
        signal,
      )
    } catch (error) {
      await this.#undo(task.placement, folder)
      throw error
    }
  }

  /** Makes the folder of a task that has none; otherwise says what an earlier daemon wrote there. */
  async #claimFolder(folder: string): Promise<TaskRecord | null> {
    try {
      await mkdir(folder, { mode: 0o700 })
      return null
    } catch (error) {
      if (!hasCode(error, 'EEXIST')) throw error
      // A folder without a task is what a daemon leaves that died before it started anything.
      return readTask(folder)
    }
  }

  /** The folder in memory below which its files stand; null when it has none. */
  async #layFiles({ placement, files: wanted = [] }: Task): Promise<string | null> {
    if (wanted.length === 0) return null
    const { memory } = this.#settings
    if (memory === undefined) throw new ClawError('CONTAINER_FAILED', { detail: 'this node has no memory for files' })
    return memory.put(
      placement,
      wanted.map(({ path, data, isSecret }) => ({ path, data, mode: isSecret ? 0o400 : 0o444, owner: null })),
    )
  }

  async #launch(
    folder: string,
    { task, record }: { readonly task: Task; readonly record: TaskRecord },
    signal: AbortSignal,
  ): Promise<void> {
    await mkdir(join(folder, files.log), { recursive: true, mode: 0o700 })
    await writeRecord(folder, files.task, record)
    signal.throwIfAborted()
    const held = this.#hold(folder, record)
    this.#tell(held.status)
    let exitCode: number | null = null
    startSupervisor({ program: this.#settings.supervisor, folder, secretEnv: task.secretEnv ?? {} }, (code) => {
      exitCode = code
      held.supervisorEnded()
    })
    await unlessAborted(held.reached('running', 'ended'), signal)
    const { state } = held
    if (state.state !== 'ended' || held.tree() !== null) return
    if (exitCode === diskFullExit) throw new ClawError('DISK_FULL', { path: folder })
    const said = (await readFile(join(folder, files.supervisorErrors), 'utf8')).trim().split('\n').at(-1) ?? ''
    throw new ClawError('CONTAINER_FAILED', { detail: said === '' ? (state.error?.message ?? 'it did not run') : said })
  }

  /** Nothing may be left of a task whose start has failed or was called off. */
  async #undo(placement: PlacementId, folder: string): Promise<void> {
    const held = this.#held.get(placement)
    await held?.stop(0)
    this.#held.delete(placement)
    await held?.erase()
    await rm(folder, { recursive: true, force: true })
    await this.#settings.memory?.remove(placement)
  }

  async #adoptOne(folder: string, task: TaskRecord): Promise<HeldTask> {
    const held = this.#hold(folder, task)
    await held.look()
    return held
  }

  #hold(folder: string, task: TaskRecord): HeldTask {
    const held = new HeldTask(folder, task, (status) => this.#tell(status))
    this.#held.set(task.placement, held)
    held.keepLooking().catch((error: unknown) => this.#settings.onPanic(error))
    return held
  }

  #tell(status: TaskStatus): void {
    if (status.status.state === 'ended') this.#settings.memory?.remove(status.placement).catch(this.#settings.onPanic)
    for (const listener of [...this.#listeners]) listener(status)
  }
}

/** Waits for the work, but no longer than it is wanted. Throws the signal's reason. */
async function unlessAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  const { promise: called, resolve } = Promise.withResolvers<undefined>()
  const onAbort = (): void => resolve(undefined)
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    await Promise.race([work, called])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
  signal.throwIfAborted()
}

interface Laid {
  readonly command: readonly string[]
  readonly home: string
  readonly memory: string | null
}

/** Goes to disk, so no secret is in it. */
const recordOf = (task: Task, { command, home, memory }: Laid): TaskRecord => ({
  placement: task.placement,
  workload: task.workload,
  mesh: task.mesh,
  node: task.node,
  devices: task.devices.map(({ uuid }) => uuid),
  command,
  env: environmentOf(task, { home, memory }),
  memoryMib: task.spec.memoryMib ?? null,
  cpus: task.spec.cpus ?? null,
  timeout: task.spec.timeoutMs ?? null,
  stopGrace: task.spec.stopGraceMs,
  ...(Object.keys(task.secretEnv ?? {}).length > 0 && { hasSecrets: true as const }),
  ...(memory !== null && { memory }),
  ...(task.ports !== undefined && { ports: task.ports }),
  ...(task.spec.workdir !== undefined && { workdir: task.spec.workdir }),
})

interface Supervised {
  readonly program: string
  readonly folder: string
  readonly secretEnv: Readonly<Record<string, string>>
}

/**
 * In a session of its own, with nothing of the daemon's open, so that it does not end with it. What it must not find on disk it is told
 * at its standard input; when the daemon dies in the middle of that, the task does not start.
 */
function startSupervisor({ program, folder, secretEnv }: Supervised, onEnd: (exitCode: number | null) => void): void {
  const errors = openSync(join(folder, files.supervisorErrors), 'a', 0o600)
  const supervisor = spawn(process.execPath, ['--max-old-space-size=64', program, folder], {
    cwd: '/',
    detached: true,
    stdio: ['pipe', 'ignore', errors],
    env: { PATH: defaultPath },
  })
  closeSync(errors)
  // It may be gone before it has read; then its exit tells.
  supervisor.stdin?.on('error', () => {})
  supervisor.stdin?.end(Object.keys(secretEnv).length === 0 ? '' : JSON.stringify(secretEnv))
  supervisor.once('error', () => onEnd(null))
  supervisor.once('exit', onEnd)
  supervisor.unref()
}

async function folderNames(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return []
    throw error
  }
}
