/** Files out of a workload. What comes is not trusted: it is unpacked apart, and only what stays within it takes its place. */
import { lstat, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join, posix, resolve } from 'node:path'
import type { Writable } from 'node:stream'
import type { ReadEntry } from 'tar'
import { ClawError } from '../../../model/failure.ts'
import type { Ended, Remote } from './remote-tar.ts'
import { demand, localFailure, readFrom } from './remote-tar.ts'

const packing = `cd -- "$1" || exit 66; [ -e "$2" ] || [ -L "$2" ] || exit 66; exec tar -cf - -- "$2"`

/** Of a folder that is written to while it is copied, GNU tar says so and ends with 1. */
const isOnlyChange = ({ exitCode, stderr }: Ended): boolean =>
  exitCode === 1 &&
  stderr !== '' &&
  stderr.split('\n').every((line) => /(changed as|removed before) we read it$/.test(line))

/** A tar archive of the path. Throws FILE_NOT_FOUND and COPY_FAILED. */
export async function archive(remote: Remote, path: string, into: Writable): Promise<void> {
  const command = ['sh', '-c', packing, 'sh', posix.dirname(path), posix.basename(path)] as const
  const ended = await readFrom(remote, command, into)
  if (!isOnlyChange(ended)) demand(ended, path)
}

/** Returns what was left out: what is neither file nor folder, and links that lead out of what is copied. */
export async function copyOut(remote: Remote, path: string, target: string): Promise<readonly string[]> {
  const base = posix.basename(path)
  if (base === '' || base === '.' || base === '..')
    throw new ClawError('INVALID_REQUEST', { problem: `${path} has no name: name the file or folder to be copied` })
  try {
    const { folder, name } = await placeFor(resolve(target), base)
    const staging = await mkdtemp(join(folder, '.clawbernetes-'))
    try {
      const leftOut = await unpacked(remote, path, staging)
      if (leftOut.includes(base))
        throw new ClawError('INVALID_REQUEST', { problem: `${path} is a link or no file: name what it leads to` })
      await moveOver(join(staging, base), join(folder, name))
      return leftOut
    } finally {
      await rm(staging, { recursive: true, force: true })
    }
  } catch (error) {
    throw localFailure(error, target)
  }
}

async function placeFor(target: string, base: string): Promise<{ readonly folder: string; readonly name: string }> {
  const isFolder = (await statOrNull(stat, target))?.isDirectory() === true
  return isFolder ? { folder: target, name: base } : { folder: dirname(target), name: basename(target) }
}

async function unpacked(remote: Remote, path: string, staging: string): Promise<readonly string[]> {
  const base = posix.basename(path)
  const leftOut: string[] = []
  const { extract } = await import('tar')
  const unpack = extract({
    ...{ cwd: staging, strict: true, preserveOwner: false },
    filter: (name, entry) => {
      const isWelcome = 'header' in entry && belongs(entry, base)
      if (isWelcome) entry.mode = (entry.mode ?? 0o644) & 0o777
      else leftOut.push(name.replace(/\/$/, ''))
      return isWelcome
    },
  })
  const done = new Promise<void>((finish, reject) => {
    // Not only the first: what is still being written when the folder goes fails once more.
    unpack.on('error', reject)
    unpack.once('close', finish)
  })
  await Promise.all([done, archive(remote, path, unpack as unknown as Writable).then(() => unpack.end())])
  return leftOut
}

const plainTypes: readonly string[] = ['File', 'OldFile', 'ContiguousFile', 'Directory', 'Link', 'SymbolicLink']

/** Whether it is what was asked for, or lies in it, and leads nowhere else. */
function belongs({ path, type, linkpath }: ReadEntry, base: string): boolean {
  if (!plainTypes.includes(type) || !isWithin(path, base)) return false
  if (type === 'Link') return isWithin(linkpath ?? '', base)
  return type !== 'SymbolicLink' || leadsWithin(path, linkpath ?? '', base)
}

function isWithin(path: string, base: string): boolean {
  const parts = path.split('/')
  return parts[0] === base && !parts.includes('..')
}

/**
 * Steps up come first: after a name, which may be a link itself, they would not lead where they seem to.
 */
function leadsWithin(path: string, linkpath: string, base: string): boolean {
  const steps = linkpath.split('/').filter((step) => step !== '' && step !== '.')
  const down = steps.slice(steps.findIndex((step) => step !== '..'))
  const isPlain = !posix.isAbsolute(linkpath) && (steps.every((step) => step === '..') || !down.includes('..'))
  return isPlain && isWithin(posix.join(posix.dirname(path), linkpath), base)
}

/** Folders that are there already keep what else they hold. Never through a link. */
async function moveOver(from: string, to: string): Promise<void> {
  const [ours, theirs] = [await lstat(from), await statOrNull(lstat, to)]
  if (theirs === null || (!ours.isDirectory() && !theirs.isDirectory())) return rename(from, to)
  if (!ours.isDirectory() || !theirs.isDirectory())
    throw new ClawError('COPY_FAILED', {
      path: to,
      detail: theirs.isDirectory()
        ? 'there is a folder in its place'
        : 'it is a folder, and what is in its place is not',
    })
  for (const name of await readdir(from)) await moveOver(join(from, name), join(to, name))
}

async function statOrNull<T>(look: (path: string) => Promise<T>, path: string): Promise<T | null> {
  try {
    return await look(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}
