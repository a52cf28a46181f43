/** CRC-32C (Castagnoli, polynomial 0x1EDC6F41 reflected), as in RFC 3720 appendix B.4. Finds damage, not forgery. */

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte
  for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1
  return crc >>> 0
})

/** The checksum of `bytes`; with `before`, that of everything before and these together. */
export function crc32c(bytes: Uint8Array, before = 0): number {
  let crc = ~before
  for (const byte of bytes) crc = (crc >>> 8) ^ (table[(crc ^ byte) & 0xff] ?? 0)
  return ~crc >>> 0
}

/** The checksum of two pieces in a row of which only the checksums are known, and of the second how many bytes it has. */
export function crc32cJoined(first: number, second: number, length: number): number {
  // What each bit of a checksum becomes when a zero bit follows; applied to itself, when twice as many do.
  let zeros = [0x82f63b78, ...Array.from({ length: 31 }, (_, bit) => 2 ** bit)]
  let crc = first
  for (let rest = 8 * length; rest > 0; rest = Math.floor(rest / 2)) {
    const now = zeros
    if (rest % 2 === 1) crc = through(now, crc)
    zeros = now.map((row) => through(now, row))
  }
  return (crc ^ second) >>> 0
}

function through(rows: readonly number[], bits: number): number {
  let sum = 0
  for (const [bit, row] of rows.entries()) if ((bits >>> bit) & 1) sum ^= row
  return sum >>> 0
}
