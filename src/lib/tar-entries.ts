/** Reads a tar archive that may have been made to do harm, entry by entry, in bounded memory: what could be read in two ways is refused. */

const block = 512
/** Most bytes of what is said of an entry before it. */
const mostWords = 1_048_576

/** Bytes that are no archive, or one that is not to be unpacked. */
export class BadTar extends Error {}

export interface TarEntry {
  /** Relative, with single slashes and nothing else that means something; empty for the folder itself. */
  readonly path: string
  /** `other`: a link, a device, a pipe. What is in it, if anything, is passed over. */
  readonly kind: 'file' | 'folder' | 'other'
  readonly bytes: number
  /** Of a file: whether its user may run it. */
  readonly isRun: boolean
  /** Seconds since the epoch. */
  readonly modified: number
  /** Of a hard link that is to be believed: the path of the file that it is another name of, which stands before it. */
  readonly linkTo: string | null
}

export interface TarLimits {
  readonly entries: number
  /** Of all files together. */
  readonly bytes: number
}

export interface TarPart {
  readonly entry: TarEntry
  /** To be read, if at all, before the next part is asked for. */
  readonly content: AsyncIterable<Uint8Array>
}

/** Throws BadTar, and what the archive throws. */
export async function* tarEntries(archive: AsyncIterable<Uint8Array>, limits: TarLimits): AsyncGenerator<TarPart> {
  const source = new Source(archive)
  let said = new Map<string, string>()
  let entries = 0
  let bytes = 0
  for (let zeros = 0; zeros < 2;) {
    const header = await source.take(block)
    if (header.every((byte) => byte === 0)) {
      zeros += 1
      continue
    }
    if (zeros > 0) throw new BadTar('something stands after its end')
    const type = String.fromCharCode(header[156] ?? 0)
    checkHeader(header)
    if (type === 'x') {
      const size = octalIn(header, 124, 12)
      if (size > mostWords) throw new BadTar('too much is said of an entry')
      said = recordsIn(await source.take(size))
      await source.skip(padding(size))
      continue
    }
    const entry = entryOf(header, type, said)
    said = new Map()
    entries += 1
    if (entry.kind === 'file') bytes += entry.bytes
    if (entries > limits.entries) throw new BadTar(`there are more than ${limits.entries} files and folders in it`)
    if (bytes > limits.bytes) throw new BadTar(`there are more than ${limits.bytes} bytes in it`)
    source.open(entry.bytes)
    yield { entry, content: source.content() }
    await source.rest()
    await source.skip(padding(entry.bytes))
  }
  await source.drain()
}

const padding = (size: number): number => (block - (size % block)) % block

function entryOf(header: Buffer, type: string, said: ReadonlyMap<string, string>): TarEntry {
  const kind = type === '0' || type === '\0' ? 'file' : type === '5' ? 'folder' : /[1-46]/.test(type) ? 'other' : null
  if (kind === null) throw new BadTar(`there is an entry of the kind ${JSON.stringify(type)} in it`)
  const prefix = textIn(header, 345, 155)
  const name = said.get('path') ?? `${prefix === '' ? '' : `${prefix}/`}${textIn(header, 0, 100)}`
  const bytes = kind === 'file' ? sizeOf(header, said) : 0
  const mode = octalIn(header, 100, 8)
  const linkTo = type === '1' ? pathIn(said.get('linkpath') ?? textIn(header, 157, 100)) : null
  return { path: plainPath(name), kind, bytes, isRun: (mode & 0o100) !== 0, modified: octalIn(header, 136, 12), linkTo }
}

function sizeOf(header: Buffer, said: ReadonlyMap<string, string>): number {
  const text = said.get('size')
  const size = text === undefined ? octalIn(header, 124, 12) : /^\d{1,16}$/.test(text) ? Number(text) : NaN
  if (!Number.isSafeInteger(size)) throw new BadTar('an entry has no size')
  return size
}

/** Throws BadTar for what leads elsewhere, or would be read by some as something else. */
function plainPath(name: string): string {
  const path = pathIn(name)
  if (path === null) throw new BadTar(`the name ${JSON.stringify(name.slice(0, 256))} is none for a file`)
  return path
}

function pathIn(name: string): string | null {
  const parts = name
    .replace(/^(\.\/)+/, '')
    .replace(/\/$/, '')
    .split('/')
  if (parts.length === 1 && (parts[0] === '' || parts[0] === '.')) return ''
  const isPlain = parts.every((part) => part !== '' && part !== '.' && part !== '..' && Buffer.byteLength(part) <= 255)
  if (!isPlain || /[\0-\x1f\x7f\\\ufffd]/.test(name) || Buffer.byteLength(name) > 4_096 || parts.length > 64)
    return null
  return parts.join('/')
}

/** Throws BadTar for what is no header, or none that adds up. */
export function checkHeader(header: Buffer): void {
  if (header.toString('latin1', 257, 262) !== 'ustar') throw new BadTar('it is no tar archive')
  let sum = 8 * 0x20
  for (const [i, byte] of header.entries()) if (i < 148 || i >= 156) sum += byte
  if (octalIn(header, 148, 8) !== sum) throw new BadTar('a header does not add up')
}

/** Throws BadTar. */
export function octalIn(header: Buffer, from: number, length: number): number {
  const digits = /^ *([0-7]*)[\0 ]*$/.exec(header.toString('latin1', from, from + length))?.[1]
  if (digits === undefined) throw new BadTar('a number is none')
  return digits === '' ? 0 : parseInt(digits, 8)
}

function textIn(header: Buffer, from: number, length: number): string {
  const field = header.subarray(from, from + length)
  const end = field.indexOf(0)
  return field.toString('utf8', 0, end < 0 ? length : end)
}

/** Records such as `22 size=10737418240\n`: only their lengths say where they end. Throws BadTar. */
export function recordsIn(words: Buffer): Map<string, string> {
  const records = new Map<string, string>()
  for (let at = 0; at < words.length;) {
    const digits = /^([1-9]\d{0,6}) /.exec(words.toString('latin1', at, at + 9))?.[1]
    const length = Number(digits ?? 0)
    const record = words.toString('utf8', at + (digits?.length ?? 0) + 1, at + length)
    const equals = record.indexOf('=')
    if (length === 0 || at + length > words.length || equals < 1 || !record.endsWith('\n'))
      throw new BadTar('what is said of an entry cannot be read')
    records.set(record.slice(0, equals), record.slice(equals + 1, -1))
    at += length
  }
  return records
}

/** The bytes of the archive, as many at a time as are wanted. */
class Source {
  readonly #chunks: AsyncIterator<Uint8Array>
  #chunk: Uint8Array = new Uint8Array(0)
  /** Of the content of an entry, still to come. */
  #left = 0

  constructor(archive: AsyncIterable<Uint8Array>) {
    this.#chunks = archive[Symbol.asyncIterator]()
  }

  async take(bytes: number): Promise<Buffer> {
    const parts: Uint8Array[] = []
    // The archive may use the memory of a chunk again.
    for (let missing = bytes; missing > 0; missing -= parts.at(-1)?.length ?? 0)
      parts.push(Uint8Array.from(await this.#some(missing)))
    return Buffer.concat(parts)
  }

  async skip(bytes: number): Promise<void> {
    for (let missing = bytes; missing > 0;) missing -= (await this.#some(missing)).length
  }

  open(bytes: number): void {
    this.#left = bytes
  }

  async *content(): AsyncGenerator<Uint8Array> {
    while (this.#left > 0) {
      const some = await this.#some(this.#left)
      this.#left -= some.length
      yield some
    }
  }

  async rest(): Promise<void> {
    const left = this.#left
    this.#left = 0
    await this.skip(left)
  }

  /** To the end of what archives are filled up with. */
  async drain(): Promise<void> {
    if (this.#chunk.some((byte) => byte !== 0)) throw new BadTar('something stands after its end')
    for (let next = await this.#chunks.next(); next.done !== true; next = await this.#chunks.next())
      if (next.value.some((byte) => byte !== 0)) throw new BadTar('something stands after its end')
  }

  async #some(most: number): Promise<Uint8Array> {
    while (this.#chunk.length === 0) {
      const next = await this.#chunks.next()
      if (next.done === true) throw new BadTar('it ends in the middle')
      this.#chunk = next.value
    }
    const some = this.#chunk.subarray(0, most)
    this.#chunk = this.#chunk.subarray(some.length)
    return some
  }
}
