/** Files whose content is on the disk when the call returns. */
import { constants } from 'node:fs'
import { type FileHandle, open, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import { ClawError } from '../../model/failure.ts'
import type { BlobHead } from '../../ports/journal.ts'

/** Makes a rename or a new file survive a power cut: the folder is what holds the name. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, constants.O_RDONLY | constants.O_DIRECTORY)
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

/** Replaces a file whole or not at all. Throws DISK_FULL; the old content is still there then. */
export async function replaceFile(path: string, content: Uint8Array, mode: number): Promise<void> {
  await replaceBy(path, mode, (file) => writeAll(file, content, 0))
}

/** The same with what comes in parts, behind a head that is known only after them. Throws what `parts` throws, too. */
export async function replaceByParts(path: string, parts: AsyncIterable<Uint8Array>, head: BlobHead): Promise<void> {
  await replaceBy(path, 0o644, async (file) => {
    await writeAll(file, new Uint8Array(head.length), 0)
    let end = head.length
    for await (const part of parts) {
      await writeAll(file, part, end)
      end += part.length
    }
    await writeAll(file, head.make(), 0)
  })
}

async function replaceBy(path: string, mode: number, write: (file: FileHandle) => Promise<void>): Promise<void> {
  const draft = `${path}.draft`
  await orDiskFull(path, async () => {
    const file = await open(draft, 'w', mode)
    try {
      await file.chmod(mode)
      await write(file)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(draft, path)
    await syncFolder(dirname(path))
  })
}

/** The kernel may take less than it was given. */
export async function writeAll(file: FileHandle, content: Uint8Array, position: number): Promise<void> {
  for (let written = 0; written < content.length;) {
    const { bytesWritten } = await file.write(content, written, content.length - written, position + written)
    written += bytesWritten
  }
}

export async function orDiskFull<T>(path: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write()
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOSPC' || code === 'EDQUOT') throw new ClawError('DISK_FULL', { path }, { cause: error })
    throw error
  }
}
