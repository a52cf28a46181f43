/** Copies of volumes in a folder of this host, each with the checksum that it must have. */
import { createReadStream } from 'node:fs'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { hasCode } from '../../lib/error-code.ts'
import { Tally } from '../../lib/passing.ts'
import { ClawError } from '../../model/failure.ts'
import type { Copied, CopyStore } from '../../ports/volumes.ts'

/** Names are ours. */
const validName = /^[a-z0-9][a-z0-9.-]{0,63}$/

export function fileCopies(folder: string): CopyStore {
  const pathOf = (name: string): string => {
    if (!validName.test(name)) throw new Error(`${name} is no name for a copy`)
    return join(folder, `${name}.tar`)
  }
  return {
    async write(name, content, most) {
      const path = pathOf(name)
      await mkdir(folder, { recursive: true, mode: 0o700 })
      const draft = `${path}.draft`
      try {
        const copied = await written(draft, content, most)
        await rename(draft, path)
        return copied
      } catch (error) {
        await rm(draft, { force: true })
        if (hasCode(error, 'ENOSPC', 'EDQUOT')) throw new ClawError('DISK_FULL', { path: folder }, { cause: error })
        throw error
      }
    },
    async read(name, copied) {
      const path = pathOf(name)
      const found = await checksumOf(path)
      if (found === null || found.sha256 !== copied.sha256)
        throw new ClawError('STATE_CORRUPT', {
          file: path,
          detail: found === null ? 'it is not there' : 'it is not what was written',
        })
      return createReadStream(path) as AsyncIterable<Uint8Array>
    },
    async remove(name) {
      await rm(pathOf(name), { force: true })
      // Of a daemon that was killed while it wrote.
      await rm(`${pathOf(name)}.draft`, { force: true })
    },
  }
}

async function written(path: string, content: AsyncIterable<Uint8Array>, most: number): Promise<Copied> {
  const tally = new Tally()
  const file = await open(path, 'w', 0o600)
  try {
    for await (const chunk of content) {
      tally.add(chunk)
      if (tally.bytes > most) throw new ClawError('TOO_LARGE', { what: 'The copy', limit: most })
      await file.writeFile(chunk)
    }
    await file.sync()
  } finally {
    await file.close()
  }
  return tally.sum()
}

async function checksumOf(path: string): Promise<Copied | null> {
  const tally = new Tally()
  try {
    for await (const chunk of createReadStream(path) as AsyncIterable<Uint8Array>) tally.add(chunk)
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return null
    throw error
  }
  return tally.sum()
}
