/**
 * What a task's folder says. The daemon writes `task.json` and `stop.json`, the supervisor `running.json`; `exit.json` is written once,
 * by whichever of the two is there to see the end. Every file is there whole or not at all.
 */
import { hasCode } from '../../lib/error-code.ts'
import { link, open, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { ClawError } from '../../model/failure.ts'
import type { MeshId, NodeId, PlacementId, WorkloadId } from '../../model/ids.ts'
import type { Instant, Millis } from '../../model/time.ts'
import type { TaskPort } from '../../ports/executor.ts'
import type { ProcessIdentity } from './identity.ts'

/**
 * Everything that the supervisor needs, and that a restarted daemon has to know. Holds the environment, so only the owner may read it; but no
 * secret, which the supervisor is told at its standard input.
 */
export interface TaskRecord {
  readonly placement: PlacementId
  readonly workload: WorkloadId
  readonly mesh: MeshId
  readonly node: NodeId
  readonly devices: readonly string[]
  readonly command: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly memoryMib: number | null
  readonly cpus: number | null
  readonly timeout: Millis | null
  readonly stopGrace: Millis
  /** Not there when it declares none. */
  readonly ports?: readonly TaskPort[]
  /** A folder of the host; one of its own when it names none. */
  readonly workdir?: string
  /** More of the environment comes at the standard input of the supervisor. */
  readonly hasSecrets?: true
  /** Folder in memory that goes when the task has ended. */
  readonly memory?: string
}

export interface RunningRecord {
  readonly supervisor: ProcessIdentity
  /** The command's own process, which leads its session. */
  readonly child: ProcessIdentity
  readonly startedAt: Instant
  /** Folders of the control groups that the command is in. */
  readonly cgroups: readonly string[]
}

export interface ExitRecord {
  readonly exitCode: number | null
  /** `lost`: nobody saw it end. `failed`: it never ran. */
  readonly reason: 'exited' | 'stopped' | 'timeout' | 'oom' | 'failed' | 'lost'
  readonly detail: string
  readonly endedAt: Instant
}

export const files = {
  task: 'task.json',
  running: 'running.json',
  stop: 'stop.json',
  exit: 'exit.json',
  log: 'log',
  work: 'work',
  supervisorErrors: 'supervisor.err',
} as const

/** The supervisor exits with it when there was no space to start the task in. Nothing of the task has run then. */
export const diskFullExit = 28

/** Puts a whole file in place of another. */
export async function writeRecord(folder: string, name: string, record: object): Promise<void> {
  const draft = await writeDraft(folder, name, record)
  await rename(draft, join(folder, name))
}

/** Writes the end of the task, unless it is written already. */
export async function writeExit(folder: string, record: ExitRecord): Promise<void> {
  const draft = await writeDraft(folder, files.exit, record)
  try {
    await link(draft, join(folder, files.exit))
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error
  } finally {
    await rm(draft, { force: true })
  }
}

export const readTask = (folder: string): Promise<TaskRecord | null> => readRecord(folder, files.task, isTask)
export const readRunning = (folder: string): Promise<RunningRecord | null> =>
  readRecord(folder, files.running, isRunning)
export const readExit = (folder: string): Promise<ExitRecord | null> => readRecord(folder, files.exit, isExit)

let drafts = 0

/** The same record may be written twice at a time: a kill does not wait for a stop. Throws DISK_FULL, and leaves nothing behind then. */
async function writeDraft(folder: string, name: string, record: object): Promise<string> {
  drafts += 1
  const draft = join(folder, `.${name}.${process.pid}.${drafts}`)
  try {
    const file = await open(draft, 'w', 0o600)
    try {
      await file.writeFile(JSON.stringify(record))
      await file.sync()
    } finally {
      await file.close()
    }
  } catch (error) {
    await rm(draft, { force: true })
    throw orDiskFull(error, draft)
  }
  return draft
}

/** The same as an expected failure when there is no space left. */
export const orDiskFull = (error: unknown, path: string): unknown =>
  hasCode(error, 'ENOSPC', 'EDQUOT') ? new ClawError('DISK_FULL', { path }, { cause: error }) : error

/** Null when the file is not there, or is not such a record. */
async function readRecord<T>(
  folder: string,
  name: string,
  isRecord: (value: object) => value is T & object,
): Promise<T | null> {
  try {
    const value: unknown = JSON.parse(await readFile(join(folder, name), 'utf8'))
    return typeof value === 'object' && value !== null && isRecord(value) ? value : null
  } catch (error) {
    if (error instanceof SyntaxError || hasCode(error, 'ENOENT', 'ENOTDIR')) return null
    throw error
  }
}

type Fields = Readonly<Record<string, unknown>>

const isIdentity = (value: unknown): value is ProcessIdentity =>
  typeof value === 'object' &&
  value !== null &&
  Number.isSafeInteger((value as Fields)['pid']) &&
  Number((value as Fields)['pid']) > 1 &&
  typeof (value as Fields)['born'] === 'string'

const isTexts = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((item) => typeof item === 'string')

const isAmountOrNull = (value: unknown): boolean => value === null || (typeof value === 'number' && value >= 0)

function isTask(value: object): value is TaskRecord {
  const {
    placement,
    workload,
    mesh,
    node,
    devices,
    command,
    env,
    memoryMib,
    cpus,
    timeout,
    stopGrace,
    ports,
    workdir,
    hasSecrets,
    memory,
  } = value as Fields
  return (
    [placement, workload, mesh, node].every((id) => typeof id === 'string' && id !== '') &&
    isTexts(devices) &&
    isTexts(command) &&
    typeof env === 'object' &&
    env !== null &&
    isTexts(Object.values(env)) &&
    [memoryMib, cpus, timeout, stopGrace].every(isAmountOrNull) &&
    (workdir === undefined || typeof workdir === 'string') &&
    (hasSecrets === undefined || hasSecrets === true) &&
    (memory === undefined || typeof memory === 'string') &&
    (ports === undefined || (Array.isArray(ports) && ports.every(isPort)))
  )
}

function isPort(value: unknown): value is TaskPort {
  if (typeof value !== 'object' || value === null) return false
  const { port, given } = value as Fields
  return Number.isInteger(port) && Number.isInteger(given)
}

function isRunning(value: object): value is RunningRecord {
  const { supervisor, child, startedAt, cgroups } = value as Fields
  return isIdentity(supervisor) && isIdentity(child) && typeof startedAt === 'number' && isTexts(cgroups)
}

const reasons: readonly unknown[] = ['exited', 'stopped', 'timeout', 'oom', 'failed', 'lost']

function isExit(value: object): value is ExitRecord {
  const { exitCode, reason, detail, endedAt } = value as Fields
  return (
    isAmountOrNull(exitCode) && reasons.includes(reason) && typeof detail === 'string' && typeof endedAt === 'number'
  )
}
