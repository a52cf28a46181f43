/** The Disk port on a folder of this host. */
import { mkdir, readFile, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Disk } from '../../ports/journal.ts'
import { replaceByParts, replaceFile, syncFolder } from './files.ts'
import { openJournal } from './journal.ts'

/** Names are ours, never a user's; this guards against a bug, not against an attack. */
const validName = /^[a-z0-9][a-z0-9._-]{0,63}$/

/** Makes the folder, readable by its owner only, where it is not there yet. */
export async function openDisk(folder: string): Promise<Disk> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await syncFolder(dirname(folder))
  const pathOf = (name: string): string => {
    if (!validName.test(name)) throw new Error(`${name} is no name for a file`)
    return join(folder, name)
  }
  return {
    openJournal: (name) => openJournal(pathOf(`${name}.journal`)),
    async readBlob(name) {
      try {
        const { buffer, byteOffset, length } = await readFile(pathOf(name))
        return new Uint8Array(buffer, byteOffset, length)
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
        throw error
      }
    },
    writeBlob: (name, bytes, { secret = false } = {}) => replaceFile(pathOf(name), bytes, secret ? 0o600 : 0o644),
    streamBlob: (name, parts, head) => replaceByParts(pathOf(name), parts, head),
    async removeBlob(name) {
      await rm(pathOf(name), { force: true })
      await syncFolder(folder)
    },
  }
}
