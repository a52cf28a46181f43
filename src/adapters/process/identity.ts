/** Telling processes apart: a pid alone is given out again, a pid with the time of its birth is not. */
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'

export interface ProcessIdentity {
  readonly pid: number
  /** When it was started, as the system counts, and for Linux the boot in which. */
  readonly born: string
}

/** Null when there is no such process, or only its exit status is left. */
export async function identityOf(pid: number): Promise<ProcessIdentity | null> {
  const born = process.platform === 'linux' ? await bornOnLinux(pid) : await bornByPs(pid)
  return born === null ? null : { pid, born }
}

export async function isAlive({ pid, born }: ProcessIdentity): Promise<boolean> {
  return (await identityOf(pid))?.born === born
}

/** Fields of /proc/PID/stat after the name, which may hold spaces and brackets itself: the first is the state. Null without such a process. */
export async function procStat(pid: number): Promise<readonly string[] | null> {
  const text = await readOrNull(`/proc/${pid}/stat`)
  return text === null ? null : text.slice(text.lastIndexOf(')') + 2).split(' ')
}

/** A file of /proc that goes away with its process reads as null. */
export async function readOrNull(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (
      error instanceof Error &&
      'code' in error &&
      ['ENOENT', 'ESRCH', 'EACCES', 'EPERM'].includes(String(error.code))
    )
      return null
    throw error
  }
}

let boot: Promise<string | null> | null = null

async function bornOnLinux(pid: number): Promise<string | null> {
  boot ??= readOrNull('/proc/sys/kernel/random/boot_id')
  const stat = await procStat(pid)
  const state = stat?.[0]
  if (state === undefined || 'ZXx'.includes(state)) return null
  return `${((await boot) ?? '').trim()}/${stat?.[19] ?? ''}`
}

async function bornByPs(pid: number): Promise<string | null> {
  try {
    const { stdout } = await promisify(execFile)('ps', ['-o', 'state=,lstart=', '-p', String(pid)])
    const [state = 'Z', ...start] = stdout.trim().split(/\s+/)
    return state.startsWith('Z') ? null : start.join(' ')
  } catch (error) {
    // ps says with code 1 that there is no such process.
    if (error instanceof Error && 'code' in error && error.code === 1) return null
    throw error
  }
}
