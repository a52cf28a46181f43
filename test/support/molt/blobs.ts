/** Blobs in memory, which say what was secret, and can be told to be full. */
import { ClawError } from '../../../src/model/failure.ts'
import type { Disk } from '../../../src/ports/journal.ts'

export interface Blobs extends Pick<Disk, 'readBlob' | 'writeBlob' | 'removeBlob'> {
  readonly kept: Map<string, Uint8Array>
  readonly secrets: Set<string>
  isFull: boolean
}

export function blobs(): Blobs {
  const kept = new Map<string, Uint8Array>()
  const secrets = new Set<string>()
  const disk: Blobs = {
    ...{ kept, secrets, isFull: false },
    readBlob: async (name) => kept.get(name) ?? null,
    async writeBlob(name, bytes, options) {
      if (disk.isFull) throw new ClawError('DISK_FULL', { path: name })
      kept.set(name, bytes)
      if (options?.secret === true) secrets.add(name)
    },
    removeBlob: async (name) => void kept.delete(name),
  }
  return disk
}
