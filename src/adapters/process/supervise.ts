/**
 * The small program between the daemon and a task: it starts the command, copies its output into the log, holds it to its time-out,
 * and writes down how it ended. The daemon may die and come back meanwhile.
 */
import { spawn, type ChildProcessByStdio } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import os from 'node:os'
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { setTimeout as wait } from 'node:timers/promises'
import { ClawError } from '../../model/failure.ts'
import { createCgroups, oomKills, removeCgroups, type Cgroups } from './cgroup.ts'
import { identityOf } from './identity.ts'
import { LogFile } from './log-file.ts'
import { killAll, terminate, type ProcessTree } from './process-tree.ts'
import {
  diskFullExit,
  files,
  readExit,
  readTask,
  orDiskFull,
  writeExit,
  writeRecord,
  type ExitRecord,
  type TaskRecord,
} from './records.ts'
import { markOf } from './task-environment.ts'

type Child = ChildProcessByStdio<null, Readable, Readable>

/** Enters the control groups, whose files come before `--`, waits for the word that lets it go on, and becomes the command. */
const enter =
  'while [ "$1" != -- ]; do echo $$ > "$1" || exit 126; shift; done; shift; read -r go <&3 || exit 126; exec 3<&-; exec "$@"'

/** Longest wait for output of processes that outlived the kill. */
const drainMs = 1_000

/** Runs the task in this folder from start to end. */
export async function supervise(folder: string): Promise<void> {
  try {
    await fromStartToEnd(folder)
  } catch (error) {
    const failure = orDiskFull(error, folder)
    if (!ClawError.is(failure, 'DISK_FULL')) throw failure
    process.exitCode = diskFullExit
  }
}

async function fromStartToEnd(folder: string): Promise<void> {
  const told = await readTask(folder)
  const task = told?.hasSecrets === true ? await withSecrets(told) : told
  if (task === null) throw new Error(`${folder} holds no task`)
  if ((await readExit(folder)) !== null) return
  const log = new LogFile(join(folder, files.log))
  const cgroups = await createCgroups(task.placement, task)
  for (const unmet of cgroups.unmet) log.write('stderr', Buffer.from(`clawnode: ${unmet}\n`), Date.now())
  try {
    const run = launch(folder, task, { cgroups, log })
    const exit = await attend(folder, { task, cgroups, log, ...run })
    log.flush(Date.now())
    log.close()
    await writeEnd(folder, exit)
  } finally {
    await discard(cgroups)
    // In memory, and of no use to anybody any more.
    if (task.memory !== undefined) await rm(task.memory, { recursive: true, force: true })
  }
}

/** What no disk may hold comes from the daemon, which may have died in the middle of telling it. */
async function withSecrets(task: TaskRecord): Promise<TaskRecord> {
  let text = ''
  for await (const piece of process.stdin.setEncoding('utf8')) text += String(piece)
  return { ...task, env: { ...task.env, ...variablesIn(text) } }
}

function variablesIn(text: string): TaskRecord['env'] {
  try {
    return JSON.parse(text) as TaskRecord['env']
  } catch {
    // What the parser says of it may hold some of it, and this goes to disk.
    throw new Error('its secrets did not come whole')
  }
}

/** How long a full disk is left alone before the end is tried to be written again. */
const diskPauseMs = 500

/**
 * Nobody else saw the end: were it not written, the work would count as lost, and might be done again. So a full disk is waited for, and
 * until then the task counts as running.
 */
async function writeEnd(folder: string, exit: ExitRecord): Promise<void> {
  for (;;) {
    try {
      await writeExit(folder, exit)
      return
    } catch (error) {
      if (!ClawError.is(error, 'DISK_FULL')) throw error
      await wait(diskPauseMs)
    }
  }
}

interface Run {
  readonly child: Child
  /** What the command waits for before it runs. */
  readonly gate: Writable
  /** Rejects when the command cannot be started. */
  readonly spawned: Promise<unknown>
  readonly exited: Promise<number>
  readonly closed: Promise<void>
}

interface Surroundings {
  readonly cgroups: Cgroups
  readonly log: LogFile
}

interface Attended extends Run, Surroundings {
  readonly task: TaskRecord
}

/** Listens before anything can happen: a short command may be over before we have looked at it. */
function launch(folder: string, task: TaskRecord, { cgroups, log }: Surroundings): Run {
  const cwd = join(folder, files.work)
  mkdirSync(cwd, { recursive: true, mode: 0o700 })
  const groups = cgroups.folders.map((group) => join(group, 'cgroup.procs'))
  const child = spawn('/bin/sh', ['-c', enter, 'sh', ...groups, '--', ...task.command], {
    cwd: task.workdir ?? cwd,
    env: task.env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  }) as Child
  const gate = child.stdio[3] as Writable
  // It may be gone before it was let go on; then its exit tells.
  gate.on('error', () => {})
  child.stdout.on('data', (chunk: Buffer) => log.write('stdout', chunk, Date.now()))
  child.stderr.on('data', (chunk: Buffer) => log.write('stderr', chunk, Date.now()))
  const exited = new Promise<number>((resolve) => {
    child.once('exit', (code, signal) => resolve(code ?? 128 + (signal === null ? 0 : os.constants.signals[signal])))
  })
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()))
  return { child, gate, exited, spawned: once(child, 'spawn'), closed }
}

/** Waits for the end, which it may bring about. */
async function attend(folder: string, { task, cgroups, child, gate, ...run }: Attended): Promise<ExitRecord> {
  try {
    await run.spawned
  } catch (error) {
    if (!(error instanceof Error)) throw error
    return { exitCode: null, reason: 'failed', detail: error.message, endedAt: Date.now() }
  }
  const pid = child.pid ?? 0
  const tree: ProcessTree = {
    child: (await identityOf(pid)) ?? { pid, born: 'over before it was seen' },
    cgroups: cgroups.folders,
    mark: markOf(task.placement),
  }
  const startedAt = Date.now()
  await announce(folder, tree, startedAt)
  gate.end('go\n')
  const over = new AbortController()
  const timedOut = task.timeout === null ? null : limit(startedAt + task.timeout, task.stopGrace, tree, over.signal)
  process.on('SIGTERM', () => child.kill('SIGTERM'))

  const exitCode = await run.exited
  const endedAt = Date.now()
  over.abort()
  const isTimeout = (await timedOut) === true
  const kills = await oomKills(cgroups.folders)
  await killAll(tree)
  await Promise.race([run.closed, wait(drainMs, undefined, { ref: false })])
  child.stdout.destroy()
  child.stderr.destroy()
  const isStopped = existsSync(join(folder, files.stop))
  return { exitCode, reason: reasonOf({ exitCode, isTimeout, isStopped, kills }), detail: '', endedAt }
}

/** From here on a daemon can find the task, which may run then. If a daemon has given it up meanwhile, or cannot be told, it never runs. */
async function announce(folder: string, tree: ProcessTree, startedAt: number): Promise<void> {
  const { child, cgroups } = tree
  try {
    await writeRecord(folder, files.running, { supervisor: await identityOf(process.pid), child, startedAt, cgroups })
  } catch (error) {
    await killAll(tree)
    throw error
  }
  if ((await readExit(folder)) !== null) await killAll(tree)
}

interface Ending {
  readonly exitCode: number
  readonly isTimeout: boolean
  readonly isStopped: boolean
  readonly kills: number
}

/** A task can lose a child to the memory limit and still do its work; only when it then fails itself was it that. */
function reasonOf({ exitCode, isTimeout, isStopped, kills }: Ending): ExitRecord['reason'] {
  if (isTimeout) return 'timeout'
  if (isStopped) return 'stopped'
  return kills > 0 && exitCode !== 0 ? 'oom' : 'exited'
}

/** Ends the task at its deadline: SIGTERM, and after the grace SIGKILL. True when the deadline came before the end. */
async function limit(deadline: number, grace: number, tree: ProcessTree, over: AbortSignal): Promise<boolean> {
  try {
    // In steps, because timers count in 32 bits, and by the wall clock, so that the time of a suspended machine counts too.
    for (let left = deadline - Date.now(); left > 0; left = deadline - Date.now())
      await wait(Math.min(left, 60_000), undefined, { signal: over })
  } catch (error) {
    if (over.aborted) return false
    throw error
  }
  await terminate(tree)
  await Promise.race([
    wait(grace, undefined, { ref: false }),
    new Promise((resolve) => over.addEventListener('abort', resolve)),
  ])
  if (!over.aborted) await killAll(tree)
  return true
}

/** A group can be removed only once the kernel has let go of its last process, which takes a moment. */
async function discard({ folders }: Cgroups): Promise<void> {
  for (let round = 0; round < 20 && folders.some((folder) => existsSync(folder)); round += 1) {
    await removeCgroups(folders)
    if (folders.some((folder) => existsSync(folder))) await wait(25)
  }
}
