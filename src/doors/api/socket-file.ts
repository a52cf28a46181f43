/** The files of Unix sockets. Whoever may open one may use it: their permissions are the credential. */
import { chmod, chown, lstat, mkdir, readFile, readlink, rm, stat, symlink } from 'node:fs/promises'
import { connect } from 'node:net'
import { dirname } from 'node:path'
import { ClawError } from '../../model/failure.ts'

/** Longest path that the kernel takes for a Unix socket, in bytes. */
const longestPath = 107

/** Throws CONFIG_INVALID for a path on which no Unix socket can be, so that it can be told before anything is started. */
export function checkSocketPath(path: string): void {
  if (Buffer.byteLength(path) <= longestPath) return
  const problem = `a socket’s path has ${longestPath} bytes at most; use a shorter --data-dir or --socket-dir`
  throw new ClawError('CONFIG_INVALID', { file: path, problem })
}

/** Makes room for a socket: its folder, which only its group enters, and nothing at its path. Throws ADDRESS_IN_USE and CONFIG_INVALID. */
export async function prepareSocket(path: string, group: number | null): Promise<void> {
  checkSocketPath(path)
  if (group !== null) {
    await changing(path, async () => {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 })
      await chown(dirname(path), ownUid(), group)
      await chmod(dirname(path), 0o750)
    })
  }
  await removeStale(path)
}

/** Lets in whom it is for, once the socket is there: its owner, or its group. */
export const openSocket = (path: string, group: number | null): Promise<void> =>
  changing(path, async () => {
    if (group !== null) await chown(path, ownUid(), group)
    await chmod(path, group === null ? 0o600 : 0o660)
  })

/** Where programs look for the socket that is elsewhere. */
export async function linkSocket(at: string, to: string): Promise<void> {
  if (at === to || (await leadsTo(at, to))) return
  await removeStale(at)
  await symlink(to, at)
}

async function leadsTo(at: string, to: string): Promise<boolean> {
  try {
    return (await readlink(at)) === to
  } catch (error) {
    if (['ENOENT', 'EINVAL'].includes((error as NodeJS.ErrnoException).code ?? '')) return false
    throw error
  }
}

/** The number of a group of this host. Throws CONFIG_INVALID where there is none of that name. */
export async function groupNumber(group: string): Promise<number> {
  if (/^\d+$/.test(group)) return Number(group)
  const lines = (await readFile('/etc/group', 'utf8')).split('\n').map((line) => line.split(':'))
  const number = lines.find(([name]) => name === group)?.[2]
  if (number !== undefined) return Number(number)
  throw new ClawError('CONFIG_INVALID', { file: `--socket-group ${group}`, problem: 'this host has no such group' })
}

const ownUid = (): number => process.getuid?.() ?? -1

async function changing(path: string, change: () => Promise<void>): Promise<void> {
  try {
    await change()
  } catch (error) {
    if (!['EACCES', 'EPERM', 'ENOTDIR', 'EROFS'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
    throw new ClawError('CONFIG_INVALID', { file: path, problem: (error as Error).message }, { cause: error })
  }
}

/** A daemon that was killed leaves its socket behind. One that still answers is somebody's. */
async function removeStale(path: string): Promise<void> {
  const entry = await lstat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null
    throw error
  })
  if (entry === null) return
  const isOurs = entry.isSocket() || (entry.isSymbolicLink() && (await leadsToSocket(path)))
  if (!isOurs || (await answers(path))) throw new ClawError('ADDRESS_IN_USE', { address: path })
  await rm(path)
}

/** Also one that leads nowhere any more. */
async function leadsToSocket(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isSocket()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return true
    throw error
  }
}

const answers = (path: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(path)
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => {
      resolve(false)
    })
  })
