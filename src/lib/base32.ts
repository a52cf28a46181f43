/** RFC 4648 base32 in lower case and without padding: no two letters that look alike beside digits. */
const alphabet = 'abcdefghijklmnopqrstuvwxyz234567'

/** A word that was drawn by lot: one letter a byte. */
export const base32Word = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => alphabet.charAt(byte & 31)).join('')

/** All of the bytes, eight letters for five of them. */
export function toBase32(bytes: Uint8Array): string {
  let text = ''
  let rest = 0
  let bits = 0
  for (const byte of bytes) {
    rest = (rest << 8) | byte
    for (bits += 8; bits >= 5; bits -= 5) text += alphabet.charAt((rest >>> (bits - 5)) & 31)
    rest &= (1 << bits) - 1
  }
  return bits === 0 ? text : text + alphabet.charAt((rest << (5 - bits)) & 31)
}
