/** Unpacks an archive that a stranger has made: files and folders below one new folder, and nothing else. */
import { createReadStream } from 'node:fs'
import { mkdir, open, rm, utimes } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { hasCode } from '../../../lib/error-code.ts'
import { BadTar, type TarPart, tarEntries } from '../../../lib/tar-entries.ts'
import { ClawError } from '../../../model/failure.ts'
import { mostEntries } from '../../../model/molt-data.ts'

export interface Unpacked {
  readonly files: number
  readonly bytes: number
  /** Links, devices and pipes. */
  readonly leftOut: number
}

/** In the place of what an earlier one has left there. The folder is gone when this throws. Throws MOLT_DATA_BAD, DISK_FULL and INVALID_REQUEST. */
export async function unpack(archive: string, folder: string, signal: AbortSignal): Promise<Unpacked> {
  const all = { files: 0, bytes: 0, leftOut: 0 }
  try {
    await rm(folder, { recursive: true, force: true })
    await mkdir(folder, { recursive: true })
    const content = createReadStream(archive, { signal }) as AsyncIterable<Uint8Array>
    for await (const part of tarEntries(content, { entries: mostEntries, bytes: Number.MAX_SAFE_INTEGER })) {
      if (part.entry.kind === 'other') all.leftOut += 1
      if (part.entry.kind === 'folder') await mkdir(join(folder, part.entry.path), { recursive: true })
      if (part.entry.kind !== 'file') continue
      await writeFile(part, join(folder, part.entry.path))
      all.files += 1
      all.bytes += part.entry.bytes
    }
    return all
  } catch (error) {
    await rm(folder, { recursive: true, force: true })
    signal.throwIfAborted()
    throw failureOf(error, folder)
  }
}

/** What was put there before is never written to: there can be no link among it, and no file comes twice. */
async function writeFile({ entry, content }: TarPart, path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  const file = await open(path, 'wx', entry.isRun ? 0o755 : 0o644)
  try {
    for await (const chunk of content) await file.writeFile(chunk)
  } finally {
    await file.close()
  }
  await utimes(path, entry.modified, entry.modified)
}

function failureOf(error: unknown, path: string): unknown {
  const bad = (problem: string): ClawError =>
    new ClawError('MOLT_DATA_BAD', { what: 'What the work has left', problem }, { cause: error })
  if (error instanceof BadTar) return bad(error.message)
  if (hasCode(error, 'EEXIST', 'ENOTDIR', 'EISDIR')) return bad('a name in it stands for two things')
  if (hasCode(error, 'ENOSPC', 'EDQUOT')) return new ClawError('DISK_FULL', { path }, { cause: error })
  if ((error as NodeJS.ErrnoException).syscall === undefined) return error
  return new ClawError('INVALID_REQUEST', { problem: `${path}: ${(error as Error).message}` }, { cause: error })
}
