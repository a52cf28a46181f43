/** The disk of a node as one network has it: what was kept for another network is not in the way, and is there when the node comes back to it. */
import type { Disk } from '../../ports/journal.ts'

/** Short enough for what is named after it, and nobody makes two networks on purpose that begin alike. */
const letters = 8

export function networkDisk(disk: Disk, network: string): Disk {
  const prefix = `net-${network.replace(/^molt-/, '').slice(0, letters)}`
  const named = (name: string): string => `${prefix}-${name}`
  return {
    openJournal: (name) => disk.openJournal(named(name)),
    readBlob: (name) => disk.readBlob(named(name)),
    writeBlob: (name, bytes, options) => disk.writeBlob(named(name), bytes, options),
    streamBlob: (name, parts, head) => disk.streamBlob(named(name), parts, head),
    removeBlob: (name) => disk.removeBlob(named(name)),
  }
}
