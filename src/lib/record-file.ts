/**
 * The format of an append-only file of records. It tells a torn tail, which a crash leaves and which may be cut, from damage to what
 * had been flushed, which may not.
 *
 * The file begins with a header: magic (8 bytes), version (u32), salt (8 bytes), how much of the file was there from the start (f64),
 * CRC-32C of these (u32). Then records, each with a mark (u8; 0xC1 for the first record of a flush, 0xC2 for the rest), the payload's
 * length (u32), the payload's CRC-32C (u32), a CRC-32C of salt, file offset and the fields before (u32), and the payload. Numbers are
 * little-endian.
 *
 * A file is born whole: it is written under another name, flushed and renamed. So a bad record in what was there from the start is damage.
 * A flush begins only after the one before it has reached the disk. So if a bad record is followed by a good one that begins a flush,
 * the bad one had been flushed: that is damage. If not, it belongs to the last flush, which may be incomplete. Salt and offset keep
 * bytes of a payload from passing for a record.
 */
import { crc32c } from './crc32.ts'

const magic = Uint8Array.from('CLAWJRNL', (letter) => letter.charCodeAt(0))
const version = 1
const firstMark = 0xc1
const nextMark = 0xc2
const headSize = 13

export const saltSize = 8
export const headerSize = 32
/** Largest payload of one record. */
export const maxRecordSize = 16 * 1024 * 1024

export interface Scan {
  readonly salt: Uint8Array
  readonly records: readonly Uint8Array[]
  /** Where the good part of the file ends. */
  readonly end: number
  /** Bytes after `end` that a crash left behind. */
  readonly torn: number
}

const view = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)

/** A whole new file. Throws RangeError for a record above `maxRecordSize`. */
export function encodeFile(salt: Uint8Array, records: readonly Uint8Array[]): Uint8Array {
  const body = encodeRecords(salt, headerSize, records)
  const file = new Uint8Array(headerSize + body.length)
  file.set(magic)
  view(file).setUint32(8, version, true)
  file.set(salt.subarray(0, saltSize), 12)
  view(file).setFloat64(20, file.length, true)
  view(file).setUint32(28, crc32c(file.subarray(0, 28)), true)
  file.set(body, headerSize)
  return file
}

/** The bytes of one flush that starts at `offset`. Throws RangeError for a record above `maxRecordSize`. */
export function encodeRecords(salt: Uint8Array, offset: number, records: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(records.reduce((sum, record) => sum + headSize + record.length, 0))
  let at = 0
  for (const record of records) {
    if (record.length > maxRecordSize) throw new RangeError(`a record of ${record.length} bytes is too large`)
    const head = out.subarray(at, at + headSize)
    head[0] = at === 0 ? firstMark : nextMark
    view(head).setUint32(1, record.length, true)
    view(head).setUint32(5, crc32c(record), true)
    view(head).setUint32(9, headCrc(salt, offset + at, head), true)
    out.set(record, at + headSize)
    at += headSize + record.length
  }
  return out
}

function headCrc(salt: Uint8Array, offset: number, head: Uint8Array): number {
  const covered = new Uint8Array(saltSize + 8 + 9)
  covered.set(salt)
  view(covered).setFloat64(saltSize, offset, true)
  covered.set(head.subarray(0, 9), saltSize + 8)
  return crc32c(covered)
}

/** Reads a whole file. Returns what is wrong with it, in words, when it is damaged. */
export function scan(file: Uint8Array): Scan | { readonly damage: string } {
  const header = file.subarray(0, headerSize)
  if (header.length < headerSize || magic.some((byte, i) => header[i] !== byte)) return { damage: 'no journal header' }
  if (view(header).getUint32(28, true) !== crc32c(header.subarray(0, 28))) return { damage: 'bad journal header' }
  if (view(header).getUint32(8, true) !== version)
    return { damage: `unknown version ${view(header).getUint32(8, true)}` }

  const salt = new Uint8Array(header.subarray(12, 12 + saltSize))
  const records: Uint8Array[] = []
  let at = headerSize
  for (let size = recordSize(file, at, salt); size > 0; size = recordSize(file, at, salt)) {
    records.push(new Uint8Array(file.subarray(at + headSize, at + size)))
    at += size
  }
  if (at < view(header).getFloat64(20, true)) return { damage: `bad record at ${at}` }
  const later = findFlush(file, at + 1, salt)
  if (later !== null) return { damage: `bad record at ${at}, though a later flush at ${later} is good` }
  return { salt, records, end: at, torn: file.length - at }
}

/** The whole size of the record at an offset, or 0 when there is no good one. */
function recordSize(file: Uint8Array, at: number, salt: Uint8Array): number {
  if (at + headSize > file.length) return 0
  const mark = file[at]
  if (mark !== firstMark && mark !== nextMark) return 0
  const head = file.subarray(at, at + headSize)
  if (view(head).getUint32(9, true) !== headCrc(salt, at, head)) return 0
  const length = view(head).getUint32(1, true)
  const payload = file.subarray(at + headSize, at + headSize + length)
  return payload.length === length && crc32c(payload) === view(head).getUint32(5, true) ? headSize + length : 0
}

function findFlush(file: Uint8Array, from: number, salt: Uint8Array): number | null {
  for (let at = file.indexOf(firstMark, from); at !== -1; at = file.indexOf(firstMark, at + 1))
    if (recordSize(file, at, salt) > 0) return at
  return null
}
