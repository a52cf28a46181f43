/** The processes of a command in a container, in the process table of this host, if the engine's processes are in it at all. */
import { readdir, readFile } from 'node:fs/promises'

/**
 * What all that a command has started may be known by. It can leave its environment behind, and its session, but hardly both and its parents
 * too.
 */
export interface Traces {
  /** The command's own process, as the engine's host counts. */
  readonly pid: number
  /** The container's full id. */
  readonly container: string
  /** In the environment, as `NAME=value`. */
  readonly mark: string
}

export interface Leader {
  readonly pid: number
  /** What the container itself calls it. */
  readonly pidInside: number | null
}

/** The command's own process. Null when the number is another's here, or nobody's: the engine may count in a world of its own. */
export async function leaderOf({ pid, container, mark }: Traces): Promise<Leader | null> {
  const groups = await readProc(pid, 'cgroup')
  const isThere = /^[0-9a-f]{64}$/.test(container) && groups?.includes(container) === true
  if (!isThere && !(await isMarked(pid, mark))) return null
  const inside = /^NSpid:.*\s(\d+)$/m.exec((await readProc(pid, 'status')) ?? '')?.[1]
  return { pid, pidInside: inside === undefined ? null : Number(inside) }
}

/** The command and all that it has started. An engine begins a session for each command. */
export async function startedBy({ pid: leader, mark }: Traces): Promise<ReadonlySet<number>> {
  const pids = (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry)).map(Number)
  const rows = (await Promise.all(pids.map(rowOf))).filter((row) => row !== null)
  const found = new Set([leader])
  const marks = await Promise.all(rows.map(({ pid }) => isMarked(pid, mark)))
  rows.forEach(({ pid, session }, i) => {
    if (session === leader || marks[i] === true) found.add(pid)
  })
  for (let before = 0; before < found.size;) {
    before = found.size
    for (const { pid, parent } of rows) if (found.has(parent)) found.add(pid)
  }
  return found
}

interface ProcessRow {
  readonly pid: number
  readonly parent: number
  readonly session: number
}

async function rowOf(pid: number): Promise<ProcessRow | null> {
  const text = await readProc(pid, 'stat')
  // The name before it may hold spaces and brackets itself.
  const [, parent, , session] = text?.slice(text.lastIndexOf(')') + 2).split(' ') ?? []
  return parent === undefined ? null : { pid, parent: Number(parent), session: Number(session) }
}

const isMarked = async (pid: number, mark: string): Promise<boolean> =>
  (await readProc(pid, 'environ'))?.split('\0').includes(mark) === true

async function readProc(pid: number, file: 'cgroup' | 'environ' | 'stat' | 'status'): Promise<string | null> {
  try {
    return await readFile(`/proc/${pid}/${file}`, 'utf8')
  } catch (error) {
    if (isOutOfReach(error)) return null
    throw error
  }
}

/** It is gone, another user's, or not of this world. */
export const isOutOfReach = (error: unknown): boolean =>
  error instanceof Error &&
  'code' in error &&
  ['ENOENT', 'ESRCH', 'EACCES', 'EPERM', 'ENOTDIR'].includes(String(error.code))
