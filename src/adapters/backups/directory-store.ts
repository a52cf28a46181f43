/** Backups in a directory of this host: each in a folder of its own, which has its name only when all of it is on the disk. */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { ClawError } from '../../model/failure.ts'
import type { BackupStore } from '../../ports/backups.ts'
import type { Copied } from '../../ports/volumes.ts'

/** Names are ours. */
const validName = /^[a-z0-9][a-z0-9.-]{0,127}$/

export function directoryStore(folder: string): BackupStore {
  const named = (name: string): string => {
    if (!validName.test(name)) throw new Error(`${name} is no name of a backup`)
    return name
  }
  const draftOf = (backup: string): string => join(folder, `.draft-${named(backup)}`)
  const pathOf = (backup: string): string => join(folder, named(backup))
  return {
    write: (backup, file, content, signal) =>
      here(folder, async () => {
        await mkdir(draftOf(backup), { recursive: true, mode: 0o700 })
        return written(join(draftOf(backup), named(file)), content, signal)
      }),
    finish: (backup) =>
      here(folder, async () => {
        await flush(draftOf(backup))
        await rename(draftOf(backup), pathOf(backup))
        await flush(folder)
      }),
    async *read(backup, file, signal) {
      try {
        yield* createReadStream(join(pathOf(backup), named(file)), { signal }) as AsyncIterable<Uint8Array>
      } catch (error) {
        signal.throwIfAborted()
        if (codeOf(error) === 'ENOENT')
          throw new ClawError('BACKUP_DAMAGED', { backup, file, detail: 'is not there' }, { cause: error })
        throw failureOf(error, folder)
      }
    },
    remove: (backup) =>
      here(folder, async () => {
        await rm(draftOf(backup), { recursive: true, force: true })
        // What is there of it must not look whole while it goes.
        await rename(pathOf(backup), draftOf(backup)).catch(unlessAbsent)
        await rm(draftOf(backup), { recursive: true, force: true })
      }),
  }
}

function unlessAbsent(error: unknown): void {
  if (codeOf(error) !== 'ENOENT') throw error
}

async function written(path: string, content: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<Copied> {
  const hash = createHash('sha256')
  const file = await open(path, 'w', 0o600)
  let bytes = 0
  try {
    for await (const chunk of content) {
      signal.throwIfAborted()
      bytes += chunk.length
      hash.update(chunk)
      await file.writeFile(chunk)
    }
    await file.sync()
  } finally {
    await file.close()
  }
  return { bytes, sha256: hash.digest('hex') }
}

async function flush(path: string): Promise<void> {
  const file = await open(path, 'r')
  try {
    await file.sync()
  } finally {
    await file.close()
  }
}

async function here<T>(folder: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw failureOf(error, folder)
  }
}

const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException).code

function failureOf(error: unknown, folder: string): unknown {
  const code = codeOf(error)
  if (code === 'ENOSPC' || code === 'EDQUOT') return new ClawError('DISK_FULL', { path: folder }, { cause: error })
  const detail = words[code ?? '']
  return detail === undefined ? error : new ClawError('BACKUP_TARGET', { target: folder, detail }, { cause: error })
}

/** What the system says that is not ours to mend. */
const words: Readonly<Record<string, string>> = {
  EACCES: 'the daemon may not write there',
  EPERM: 'the daemon may not write there',
  EROFS: 'it can only be read',
  ENOENT: 'it is not there',
  ENOTDIR: 'it is no directory',
  EIO: 'what it is stored on fails',
  ESTALE: 'its server has another one now',
}
