/**
 * Backups in a directory of this host: each in a folder of its own, which has its name only when all of it is on the disk. Work may mount the directory
 * and write there at any time, so nothing in it is followed: every step is taken within a folder that is open, after a look at where that really is.
 */
import { constants } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { mkdir, open, readdir, realpath, rename, rmdir, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { hasCode } from '../../lib/error-code.ts'
import { Tally } from '../../lib/passing.ts'
import { ClawError } from '../../model/failure.ts'
import type { BackupStore } from '../../ports/backups.ts'
import type { Copied } from '../../ports/volumes.ts'

/** Names are ours. */
const validName = /^[a-z0-9][a-z0-9.-]{0,127}$/

const { O_RDONLY, O_WRONLY, O_CREAT, O_EXCL, O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK } = constants
/** A pipe in its place keeps nobody waiting. */
const toRead = O_RDONLY | O_NOFOLLOW | O_NONBLOCK
const toWrite = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_NONBLOCK
const toLookInto = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK

/** `folder` is where it really is, with all links followed. */
export function directoryStore(folder: string): BackupStore {
  const nameOf = (backup: string): string => {
    if (!validName.test(backup)) throw new Error(`${backup} is no name of a backup`)
    return backup
  }
  const draftOf = (backup: string): string => `.draft-${nameOf(backup)}`
  return {
    write: (backup, file, content, signal) =>
      here(folder, async () => {
        await within(folder, ({ at }) => mkdir(at(draftOf(backup)), { mode: 0o700 }).catch(unless('EEXIST')))
        return within(join(folder, draftOf(backup)), ({ at }) => written(at(nameOf(file)), content, signal))
      }),
    finish: (backup) =>
      here(folder, async () => {
        await within(join(folder, draftOf(backup)), ({ handle }) => handle.sync())
        await within(folder, async ({ at, handle }) => {
          await rename(at(draftOf(backup)), at(nameOf(backup)))
          await handle.sync()
        })
      }),
    async *read(backup, file, signal) {
      try {
        const whole = await within(join(folder, nameOf(backup)), ({ at }) => plainFile(at(nameOf(file)), toRead))
        yield* whole.createReadStream({ signal }) as AsyncIterable<Uint8Array>
      } catch (error) {
        signal.throwIfAborted()
        const detail = damages[codeOf(error) ?? '']
        if (detail !== undefined) throw new ClawError('BACKUP_DAMAGED', { backup, file, detail }, { cause: error })
        throw failureOf(error, folder)
      }
    },
    remove: (backup) =>
      here(folder, () =>
        within(folder, async ({ at }) => {
          const draft = draftOf(backup)
          await removed(folder, draft, at(draft))
          // What is there of it must not look whole while it goes.
          await rename(at(nameOf(backup)), at(draft)).catch(unless('ENOENT'))
          await removed(folder, draft, at(draft))
        }),
      ),
  }
}

interface Within {
  /** Where something of that name is in it. */
  readonly at: (name: string) => string
  readonly handle: FileHandle
}

/** Works in the folder of that path; not where a link there, or in the place of what is above it, leads to. */
async function within<T>(path: string, work: (folder: Within) => Promise<T>): Promise<T> {
  const handle = await open(path, toLookInto)
  try {
    // On Linux the folder that was opened, whatever takes its name from now on.
    const it = process.platform === 'linux' ? `/proc/self/fd/${handle.fd}` : path
    if ((await realpath(it)) !== path) throw misplaced(path)
    return await work({ at: (name) => join(it, name), handle })
  } finally {
    await handle.close()
  }
}

/** Gone with what is in it, which are files. A link in its place goes alone. */
async function removed(folder: string, name: string, place: string): Promise<void> {
  try {
    await within(join(folder, name), async ({ at }) => {
      for (const name of await readdir(at('.'))) await unlink(at(name)).catch(unless('ENOENT'))
    })
    await rmdir(place)
  } catch (error) {
    if (hasCode(error, 'ENOTDIR', 'ELOOP')) await unlink(place)
    else unless('ENOENT')(error)
  }
}

async function plainFile(path: string, flags: number): Promise<FileHandle> {
  const file = await open(path, flags, 0o600)
  try {
    if (!(await file.stat()).isFile()) throw misplaced(path)
    return file
  } catch (error) {
    await file.close()
    throw error
  }
}

const misplaced = (path: string): NodeJS.ErrnoException =>
  Object.assign(new Error(`${path} is not what it is to be`), { code: 'ELOOP' })

function unless(code: string): (error: unknown) => void {
  return (error) => {
    if (!hasCode(error, code)) throw error
  }
}

async function written(path: string, content: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<Copied> {
  const tally = new Tally()
  await unlink(path).catch(unless('ENOENT'))
  const file = await plainFile(path, toWrite)
  try {
    for await (const chunk of content) {
      signal.throwIfAborted()
      tally.add(chunk)
      await file.writeFile(chunk)
    }
    await file.sync()
  } finally {
    await file.close()
  }
  return tally.sum()
}

async function here<T>(folder: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw failureOf(error, folder)
  }
}

/** What the system calls it. */
function codeOf(error: unknown): string | undefined {
  const { code } = error as { readonly code?: unknown }
  return typeof code === 'string' && /^E[A-Z0-9]+$/.test(code) ? code : undefined
}

function failureOf(error: unknown, folder: string): unknown {
  if (error instanceof ClawError) return error
  const code = codeOf(error)
  if (code === undefined) return error
  if (hasCode(error, 'ENOSPC', 'EDQUOT')) return new ClawError('DISK_FULL', { path: folder }, { cause: error })
  const detail = words[code] ?? `the system says ${code}`
  return new ClawError('BACKUP_TARGET', { target: folder, detail }, { cause: error })
}

/** Of a file that is not as it was written. */
const damages: Readonly<Record<string, string>> = {
  ENOENT: 'is not there',
  ENOTDIR: 'is not there',
  ELOOP: 'is a link, or something else that is no file',
  ENXIO: 'is a link, or something else that is no file',
}

/** What the system says that is not ours to mend. */
const words: Readonly<Record<string, string>> = {
  EACCES: 'the daemon may not write there',
  EPERM: 'the daemon may not write there',
  EROFS: 'it can only be read',
  ENOENT: 'it is not there',
  ENOTDIR: 'it is no directory',
  ELOOP: 'somebody has put something else in the place of a folder or file of it',
  EEXIST: 'somebody has put something else in the place of a folder or file of it',
  ENOTEMPTY: 'somebody has put something else into it',
  EISDIR: 'somebody has put something else into it',
  EIO: 'what it is stored on fails',
  ESTALE: 'its server has another one now',
}
