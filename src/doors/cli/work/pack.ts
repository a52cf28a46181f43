/** A file or folder of this machine as an archive of files and folders, read as it is sent. */
import { createReadStream } from 'node:fs'
import { readdir, realpath, stat } from 'node:fs/promises'
import { basename, join, relative, sep } from 'node:path'
import { tarEnd, tarHeader, tarPadding } from '../../../lib/tar-header.ts'
import { ClawError } from '../../../model/failure.ts'
import { reasonOf } from '../file-reason.ts'
import { mostEntries } from '../../../model/molt-data.ts'

interface Found {
  /** In the archive. */
  readonly name: string
  readonly path: string
  readonly isFolder: boolean
  readonly bytes: number
  readonly mode: number
  readonly modified: number
}

/** Throws INVALID_REQUEST for what is neither a file nor a folder, leads out of the folder, or changes while it is read. */
export async function* pack(path: string, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  for (const found of await listed(path)) {
    const { bytes, isFolder, mode, modified } = found
    yield tarHeader({ name: isFolder ? `${found.name}/` : found.name, bytes, isFolder, mode, modified })
    if (!isFolder) yield* contentOf(found, signal)
  }
  yield tarEnd()
}

/** Parents come before what is in them. */
async function listed(path: string): Promise<readonly Found[]> {
  const root = await orRefused(path, () => realpath(path))
  const top = await lookedAt(root, basename(root))
  if (!top.isFolder) return [top]
  const all: Found[] = []
  const waiting = ['']
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop())
    for (const entry of (await orRefused(path, () => readdir(join(root, folder ?? '')))).toSorted()) {
      const name = folder === '' ? entry : `${folder}/${entry}`
      const found = await lookedAt(join(root, name), name, root)
      all.push(found)
      if (found.isFolder) waiting.push(name)
      if (all.length > mostEntries) throw invalid(`${path} holds more than ${mostEntries} files and folders`)
    }
  return all.toSorted((a, b) => (a.name < b.name ? -1 : 1))
}

/** A link is what it leads to, if that is a file of the same folder. */
async function lookedAt(path: string, name: string, root?: string): Promise<Found> {
  const real = await orRefused(path, () => realpath(path))
  const isWithin = root === undefined || !relative(root, real).split(sep).includes('..')
  if (!isWithin) throw invalid(`${path} leads out of the folder that is sent`)
  const { size, mode, mtimeMs, ...is } = await orRefused(path, () => stat(real)).then((found) => ({
    ...{ size: found.size, mode: found.mode, mtimeMs: found.mtimeMs },
    ...{ isFile: found.isFile(), isFolder: found.isDirectory() },
  }))
  if (!is.isFile && !is.isFolder) throw invalid(`${path} is neither a file nor a folder`)
  if (is.isFolder && root !== undefined && real !== path) throw invalid(`${path} is a link to a folder`)
  const modified = Math.max(0, Math.floor(mtimeMs / 1_000))
  return { name, path: real, isFolder: is.isFolder, bytes: is.isFolder ? 0 : size, mode: mode & 0o777, modified }
}

async function* contentOf({ path, bytes }: Found, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  let left = bytes
  if (bytes > 0)
    for await (const chunk of createReadStream(path, { end: bytes - 1, signal }) as AsyncIterable<Uint8Array>) {
      left -= chunk.length
      yield chunk
    }
  if (left !== 0) throw invalid(`${path} became smaller while it was sent`)
  yield tarPadding(bytes)
}

const invalid = (problem: string): ClawError => new ClawError('INVALID_REQUEST', { problem })

async function orRefused<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw new ClawError('INVALID_REQUEST', { problem: `${path}: ${reasonOf(error)}` }, { cause: error })
  }
}
