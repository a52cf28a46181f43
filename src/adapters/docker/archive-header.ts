/** One header of a tar archive, read so that no other reader of tar can take it for something else. */

export const blockSize = 512

/** Bytes that are no archive, or none that an engine writes. */
export class BadArchive extends Error {}

export interface Header {
  readonly name: string
  /** A file, a folder, a symbolic link, or what an extension says of the entry after it. */
  readonly type: 'file' | 'folder' | 'link' | 'extension'
  readonly size: number
  /** Where a link leads to. */
  readonly target: string
}

/** What engines would unpack before they read it: gzip, bzip2, xz, zstd and the frames that zstd skips. */
export const compressed = ['1f8b', '425a68', 'fd377a58', '28b52ffd', '5.2a4d18'].map((magic) => new RegExp(`^${magic}`))

const types: Readonly<Record<string, Header['type']>> = { '0': 'file', '5': 'folder', '2': 'link', x: 'extension' }

/**
 * There are several tar formats, and they put different things into the same bytes. Engines write one of them, POSIX; in it, this takes only
 * what engines use. Throws BadArchive.
 */
export function readHeader(header: Buffer): Header {
  const first = header.toString('hex', 0, 4)
  if (compressed.some((magic) => magic.test(first))) throw new BadArchive('it may be taken for something compressed')
  if (header.toString('latin1', 257, 265) !== 'ustar\u000000') throw new BadArchive('a header that is not POSIX tar')
  // Star writes other fields into the same bytes and says so at the end.
  if (header.subarray(345).some((byte) => byte !== 0)) throw new BadArchive('a header with more than a name')
  checkSum(header)
  const type = types[String.fromCharCode(header[156] ?? 0)]
  if (type === undefined) throw new BadArchive(`an entry of the kind ${String(header[156])}`)
  const size = octalIn(header, 124, 12)
  const hasContent = type === 'file' || type === 'extension'
  // Some readers go by the size, others by the kind.
  if (!hasContent && size > 0) throw new BadArchive('a folder or a link with content')
  const name = textIn(header, 0, 100)
  if (!isName(name, type)) throw new BadArchive(`the name ${JSON.stringify(name)}`)
  return { name, type, size, target: textIn(header, 157, 100) }
}

/** As Go, GNU tar, libarchive and Python call an extended header: after the entry that follows it. */
const extensionName =
  /^((\.\/)?((blobs(\/sha256)?|[0-9a-f]{64})\/)?PaxHeaders?(\.\d{1,10})?(\/[\w.-]+)?|\.\/\.\/@PaxHeader)$/

/** An extension may give an entry another name, and its own is for no reader: so nothing later checks either. */
const isName = (name: string, type: Header['type']): boolean =>
  type === 'extension' ? extensionName.test(name) : /^[\x20-\x7e]*$/.test(name)

function textIn(header: Buffer, from: number, length: number): string {
  const field = header.subarray(from, from + length)
  const end = field.indexOf(0)
  return field.toString('latin1', 0, end < 0 ? length : end)
}

/** Digits from the first byte on: what else is possible is not read alike everywhere. */
function octalIn(header: Buffer, from: number, length: number): number {
  const digits = /^([0-7]+)[\0 ]*$/.exec(header.toString('latin1', from, from + length))?.[1]
  if (digits === undefined) throw new BadArchive('a number that is none')
  return parseInt(digits, 8)
}

/** All bytes of the header, with the field of the sum itself taken as spaces. */
function checkSum(header: Buffer): void {
  let sum = 8 * 0x20
  for (const [i, byte] of header.entries()) if (i < 148 || i >= 156) sum += byte
  if (octalIn(header, 148, 8) !== sum) throw new BadArchive('a header that does not add up')
}
