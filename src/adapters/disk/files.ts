/** Files whose content is on the disk when the call returns. */
import { constants } from 'node:fs'
import { type FileHandle, open, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import { ClawError } from '../../model/failure.ts'

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
  const draft = `${path}.draft`
  await orDiskFull(path, async () => {
    const file = await open(draft, 'w', mode)
    try {
      await file.chmod(mode)
      await writeAll(file, content, 0)
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
