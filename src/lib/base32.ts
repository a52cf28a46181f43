/** Words of RFC 4648 base32 in lower case: no two letters that look alike beside digits. One letter a byte. */
export const base32Word = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => 'abcdefghijklmnopqrstuvwxyz234567'.charAt(byte & 31)).join('')
