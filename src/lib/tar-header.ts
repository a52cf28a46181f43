/** What stands before a file in a tar archive, as POSIX has it: names of any length, and files of any size. */

const block = 512
/** Beyond it a size has more octal digits than there is room for. */
const mostOctal = 8 ** 11 - 1

interface TarEntry {
  readonly name: string
  readonly bytes: number
  /** Seconds since the epoch. */
  readonly modified?: number
  /** A folder has no bytes. */
  readonly isFolder?: boolean
  /** What it may, as `chmod` counts; everybody may read it where nothing is said. */
  readonly mode?: number
  /** Number of the user and the group whose it is; root where nothing is said. */
  readonly owner?: number
}

/** Of an ordinary file, or of a folder. */
export function tarHeader(entry: TarEntry): Buffer {
  const { name, bytes, modified = 0, isFolder = false } = entry
  const isPlain = /^[\x20-\x7e]{1,100}$/.test(name) && bytes <= mostOctal
  const type = isFolder ? '5' : '0'
  const own = headerOf({ ...entry, name: isPlain ? name : 'file', bytes: Math.min(bytes, mostOctal), type })
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

type Typed = TarEntry & { readonly type: '0' | '5' | 'x' }

function headerOf({ name, bytes, modified = 0, mode = 0o644, owner = 0, type }: Typed): Buffer {
  const header = Buffer.alloc(block)
  const put = (text: string, at: number): void => void header.write(text, at, 'latin1')
  put(name, 0)
  const octal = (value: number): string => `${value.toString(8).padStart(7, '0')}\0`
  put(octal(mode), 100)
  put(octal(owner), 108)
  put(octal(owner), 116)
  put(`${bytes.toString(8).padStart(11, '0')}\0`, 124)
  put(`${Math.max(0, Math.floor(modified)).toString(8).padStart(11, '0')}\0`, 136)
  put('        ', 148)
  put(type, 156)
  put('ustar\u000000', 257)
  const sum = header.reduce((total, byte) => total + byte, 0)
  put(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  return header
}
