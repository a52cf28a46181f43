/** The checksum of a whole snapshot, which is too long for one turn. */
import { crc32c } from '../../lib/crc32.ts'
import { cut, type Slices } from '../../lib/slices.ts'

/** Bytes that are looked at, or written, at once. */
export const sliceBytes = 256 * 1_024

export function* checksumOf(bytes: Uint8Array): Slices<void, number> {
  let checksum = 0
  for (const part of cut(bytes, sliceBytes)) {
    checksum = crc32c(part, checksum)
    yield
  }
  return checksum
}
