/** Reads a tar archive as it passes, and keeps the small files in it that say what the archive holds. */

const block = 512
/** Descriptions of images are some kilobytes. What is larger is a layer, and is only passed over. */
const largestKept = 8_388_608
/** Images have at most 127 layers, each with three entries in the oldest form. */
const mostEntries = 4_096

export interface ArchiveFile {
  readonly name: string
  readonly bytes: Uint8Array
}

/** Bytes that are no archive, or none that an engine writes. */
export class BadArchive extends Error {}

type Body = { readonly name: string; readonly parts: Uint8Array[] | null; left: number; padding: number }

export class ArchiveReader {
  /** Only files that `wanted` names and that are small. */
  readonly files: ArchiveFile[] = []
  readonly #wanted: (name: string) => boolean
  readonly #names = new Set<string>()
  #header = Buffer.alloc(0)
  #body: Body | null = null
  /** From an extended header: the name of the entry that follows. */
  #nextName: string | null = null
  #isOver = false

  constructor(wanted: (name: string) => boolean) {
    this.#wanted = wanted
  }

  /** The end mark has come. Nothing but zeros may follow. */
  get isOver(): boolean {
    return this.#isOver
  }

  /** Takes the next bytes. Throws BadArchive. */
  push(chunk: Uint8Array): void {
    let at = 0
    while (at < chunk.length) {
      if (this.#isOver) return this.#onlyZeros(chunk.subarray(at))
      at += this.#body === null ? this.#takeHeader(chunk.subarray(at)) : this.#takeBody(this.#body, chunk.subarray(at))
    }
  }

  #takeHeader(chunk: Uint8Array): number {
    const taken = chunk.subarray(0, block - this.#header.length)
    this.#header = Buffer.concat([this.#header, taken])
    if (this.#header.length < block) return taken.length
    const header = this.#header
    this.#header = Buffer.alloc(0)
    if (header.every((byte) => byte === 0)) this.#isOver = true
    else this.#enter(header)
    return taken.length
  }

  #enter(header: Buffer): void {
    checkSum(header)
    const size = sizeIn(header)
    const type = String.fromCharCode(header[156] ?? 0)
    if (!'\u00000x25g'.includes(type)) throw new BadArchive(`an entry of the kind ${JSON.stringify(type)}`)
    const isExtension = type === 'x' || type === 'g'
    const name = normal(this.#nextName ?? nameIn(header))
    if (!isExtension) {
      this.#nextName = null
      if (type !== '5' && this.#names.has(name)) throw new BadArchive(`${name} comes twice`)
      this.#names.add(name)
      if (this.#names.size > mostEntries) throw new BadArchive('too many entries')
      if (type === '2' && this.#wanted(name)) throw new BadArchive(`${name} is a link`)
    }
    const isKept = isExtension || (type !== '2' && type !== '5' && this.#wanted(name))
    if (isKept && size > largestKept) throw new BadArchive(`${name} has ${size} bytes`)
    const padding = (block - (size % block)) % block
    this.#body = { name: isExtension ? type : name, parts: isKept ? [] : null, left: size, padding }
    if (size === 0) this.#leave(this.#body)
  }

  #takeBody(body: Body, chunk: Uint8Array): number {
    const content = chunk.subarray(0, body.left)
    // The caller may use its buffer again.
    if (content.length > 0) body.parts?.push(Uint8Array.from(content))
    body.left -= content.length
    const padding = Math.min(body.padding, chunk.length - content.length)
    if (body.left === 0) body.padding -= padding
    if (body.left === 0 && body.padding === 0) this.#leave(body)
    return content.length + (body.left === 0 ? padding : 0)
  }

  #leave({ name, parts }: Body): void {
    this.#body = null
    if (parts === null) return
    const bytes = Buffer.concat(parts)
    if (name === 'x') this.#nextName = pathIn(bytes.toString('utf8'))
    else if (name !== 'g') this.files.push({ name, bytes })
    else if (pathIn(bytes.toString('utf8')) !== null) throw new BadArchive('one name for all entries')
  }

  #onlyZeros(chunk: Uint8Array): void {
    if (chunk.some((byte) => byte !== 0)) throw new BadArchive('something follows its end')
  }
}

const textIn = (header: Buffer, from: number, length: number): string => {
  const field = header.subarray(from, from + length)
  const end = field.indexOf(0)
  return field.subarray(0, end < 0 ? length : end).toString('utf8')
}

function nameIn(header: Buffer): string {
  const isUstar = header.subarray(257, 262).toString('latin1') === 'ustar'
  const prefix = isUstar ? textIn(header, 345, 155) : ''
  return prefix === '' ? textIn(header, 0, 100) : `${prefix}/${textIn(header, 0, 100)}`
}

function normal(name: string): string {
  const parts = name.split('/').filter((part) => part !== '' && part !== '.')
  if (parts.includes('..') || name.startsWith('/')) throw new BadArchive('a path that leads out of it')
  return parts.join('/')
}

/** Octal digits, or a binary number for what is larger than 8 GiB. */
function sizeIn(header: Buffer): number {
  const first = header[124] ?? 0
  const size =
    (first & 0x80) !== 0 ? Number(header.readBigUInt64BE(128)) : parseInt(textIn(header, 124, 12).trim() || '0', 8)
  if (!Number.isSafeInteger(size) || size < 0) throw new BadArchive('an entry without a size')
  return size
}

/** All bytes of the header, with the field of the sum itself taken as spaces. */
function checkSum(header: Buffer): void {
  let sum = 8 * 0x20
  for (const [i, byte] of header.entries()) if (i < 148 || i >= 156) sum += byte
  if (parseInt(textIn(header, 148, 8).trim(), 8) !== sum) throw new BadArchive('a header that does not add up')
}

/** Of records such as `30 path=some/name\n`. */
function pathIn(records: string): string | null {
  return /(?:^|\n)\d+ path=([^\n]*)\n/.exec(records)?.[1] ?? null
}
