/** The private keys of the vault, by their epoch, as the bytes that are sealed to each holder. */

export type Ring = ReadonlyMap<number, Uint8Array>

/** Epochs that are kept at most; there is one new key for every member that had it and goes. */
export const mostEpochs = 64

const entryBytes = 36

export function ringBytes(ring: Ring): Uint8Array {
  const bytes = new Uint8Array(ring.size * entryBytes)
  const view = new DataView(bytes.buffer)
  for (const [index, [epoch, secret]] of [...ring].toSorted(([a], [b]) => a - b).entries()) {
    view.setUint32(index * entryBytes, epoch)
    bytes.set(secret.subarray(0, 32), index * entryBytes + 4)
  }
  return bytes
}

/** Null for what is none. */
export function readRing(bytes: Uint8Array): Ring | null {
  if (bytes.length === 0 || bytes.length % entryBytes !== 0) return null
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  return new Map(
    Array.from({ length: bytes.length / entryBytes }, (_, index) => {
      const at = index * entryBytes
      return [view.getUint32(at), bytes.slice(at + 4, at + entryBytes)] as const
    }),
  )
}

/** What was sealed under these may still be on its way: in a spool, or at a peer that has not heard of the new key. */
const recent = 8

/** With a new key. What nothing is sealed under any more makes room, but for the last few; null when there is no room. */
export function withKey(ring: Ring, epoch: number, secret: Uint8Array, used: ReadonlySet<number>): Ring | null {
  const kept = [...ring].filter(([old]) => used.has(old) || old >= epoch - recent)
  if (kept.length >= mostEpochs) return null
  return new Map([...kept, [epoch, secret]])
}
