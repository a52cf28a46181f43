/** What stands before a file in a tar archive, as POSIX has it: names of any length, and files of any size. */

const block = 512
/** Beyond it a size has more octal digits than there is room for. */
const mostOctal = 8 ** 11 - 1

interface TarEntry {
  readonly name: string
  readonly bytes: number
  /** Seconds since the epoch. */
  readonly modified?: number
}

/** Of an ordinary file that everybody may read. */
export function tarHeader({ name, bytes, modified = 0 }: TarEntry): Buffer {
  const isPlain = /^[\x20-\x7e]{1,100}$/.test(name) && bytes <= mostOctal
  const own = headerOf({ name: isPlain ? name : 'file', bytes: Math.min(bytes, mostOctal), modified, type: '0' })
  if (isPlain) return own
  const words = Buffer.from(record('path', name) + record('size', String(bytes)))
  const before = headerOf({ name: 'PaxHeaders.0/file', bytes: words.length, modified, type: 'x' })
  return Buffer.concat([before, words, tarPadding(words.length), own])
}

/** What follows so many bytes of content. */
export const tarPadding = (bytes: number): Buffer => Buffer.alloc((block - (bytes % block)) % block)

/** Of an archive. */
export const tarEnd = (): Buffer => Buffer.alloc(2 * block)

/** Begins with its own length, whose digits count too. */
function record(key: string, value: string): string {
  const rest = Buffer.byteLength(` ${key}=${value}\n`)
  const short = rest + String(rest).length
  return `${rest + String(short).length} ${key}=${value}\n`
}

function headerOf({ name, bytes, modified = 0, type }: TarEntry & { readonly type: '0' | 'x' }): Buffer {
  const header = Buffer.alloc(block)
  const put = (text: string, at: number): void => void header.write(text, at, 'latin1')
  put(name, 0)
  put('0000644\0', 100)
  put('0000000\0', 108)
  put('0000000\0', 116)
  put(`${bytes.toString(8).padStart(11, '0')}\0`, 124)
  put(`${Math.max(0, Math.floor(modified)).toString(8).padStart(11, '0')}\0`, 136)
  put('        ', 148)
  put(type, 156)
  put('ustar\u000000', 257)
  const sum = header.reduce((total, byte) => total + byte, 0)
  put(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  return header
}
