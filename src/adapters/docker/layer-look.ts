/** Looks at a blob that may be a layer as it passes, so that an engine writes no more of it than it has bytes. */
import { BadTar, checkHeader, octalIn, recordsIn } from '../../lib/tar-entries.ts'
import { BadArchive, blockSize, compressed } from './archive-header.ts'

/** Most bytes of what is said of an entry before it. */
const mostWords = 1_048_576
const withContent = '0'
/** Links, devices, folders and pipes. */
const withoutContent = ['1', '2', '3', '4', '5', '6']
/** GNU tar says long names in entries of their own. */
const longNames = ['K', 'L']

/**
 * What an engine unpacks may be a thousand times as large, and the holes of a sparse file are written out without end. So nothing may be
 * compressed or sparse, and each entry must lie in the blob as a whole: then they are no larger than it, all together. Headers that engines
 * could read in two ways are refused, as a hole could be hidden between them. A blob that begins with no header is no layer: engines take
 * nothing from it.
 */
export class LayerLook {
  readonly #block = Buffer.alloc(blockSize)
  #filled = 0
  /** Null before its first block is there. */
  #isTar: boolean | null = null
  #zeros = 0
  /** Still to come of an entry, with what it is filled up with. */
  #left = 0
  /** What is said of the entry that follows, as it comes. */
  #words: { readonly size: number; readonly parts: Uint8Array[] } | null = null
  #said: ReadonlyMap<string, string> | null = null

  /** Takes the next bytes. Throws BadArchive. */
  push(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length && this.#isTar !== false;) {
      const rest = chunk.subarray(at)
      at += this.#left > 0 ? this.#pass(rest) : this.#fill(rest)
    }
  }

  /** No more will come. Throws BadArchive. */
  end(): void {
    if (this.#isTar === null) requirePlain(this.#block.subarray(0, this.#filled))
    else if (this.#isTar && (this.#left > 0 || this.#filled > 0 || this.#said !== null))
      throw new BadArchive('a layer ends in the middle')
  }

  #pass(chunk: Uint8Array): number {
    const taken = chunk.subarray(0, this.#left)
    // The caller may use its buffer again.
    this.#words?.parts.push(Uint8Array.from(taken))
    this.#left -= taken.length
    if (this.#left === 0 && this.#words !== null) this.#hear(this.#words)
    return taken.length
  }

  #fill(chunk: Uint8Array): number {
    const taken = chunk.subarray(0, blockSize - this.#filled)
    this.#block.set(taken, this.#filled)
    this.#filled += taken.length
    if (this.#filled < blockSize) return taken.length
    this.#filled = 0
    if (this.#isTar === null) requirePlain(this.#block)
    this.#isTar ??= mayBeHeader(this.#block)
    if (this.#isTar) asLayer(() => this.#enter(this.#block))
    return taken.length
  }

  #enter(header: Buffer): void {
    if (header.every((byte) => byte === 0)) {
      this.#zeros += 1
      return
    }
    if (this.#zeros > 0) throw new BadArchive('something stands after the end of a layer')
    checkHeader(header)
    const type = String.fromCharCode(header[156] ?? 0)
    if (type === 'x' || type === 'g') {
      const size = octalIn(header, 124, 12)
      if (size > mostWords) throw new BadArchive('too much is said of an entry of a layer')
      if (this.#said !== null) throw new BadArchive('an entry of a layer is spoken of twice')
      if (type === 'x') this.#said = new Map()
      this.#words = { size, parts: [] }
      this.#open(size)
      if (size === 0) this.#hear(this.#words)
      return
    }
    if (longNames.includes(type)) return this.#open(octalIn(header, 124, 12))
    const size = this.#sizeOf(header)
    this.#said = null
    if (type !== withContent && !withoutContent.includes(type))
      throw new BadArchive(`an entry of the kind ${JSON.stringify(type)} in a layer`)
    if (size > 0 && type !== withContent) throw new BadArchive('a folder or a link with content in a layer')
    this.#open(size)
  }

  #open(size: number): void {
    this.#left = Math.ceil(size / blockSize) * blockSize
  }

  #sizeOf(header: Buffer): number {
    const text = this.#said?.get('size')
    if (text === undefined) return octalIn(header, 124, 12)
    const size = /^\d{1,16}$/.test(text) ? Number(text) : NaN
    if (!Number.isSafeInteger(size)) throw new BadArchive('an entry of a layer has no size')
    return size
  }

  #hear({ size, parts }: { readonly size: number; readonly parts: readonly Uint8Array[] }): void {
    this.#words = null
    const said = asLayer(() => recordsIn(Buffer.concat(parts).subarray(0, size)))
    if ([...said.keys()].some((key) => key.startsWith('GNU.sparse.'))) throw new BadArchive('a sparse file in a layer')
    if (this.#said !== null) this.#said = said
    else if (said.has('size')) throw new BadArchive('a size for all entries of a layer')
  }
}

function requirePlain(head: Buffer): void {
  if (compressed.some((magic) => magic.test(head.toString('hex', 0, 6)))) throw new BadArchive('a layer is compressed')
}

/** Engines go by the sum alone, with bytes of either sign: whatever that holds for is looked at, and the rest they refuse. */
function mayBeHeader(block: Buffer): boolean {
  if (block.every((byte) => byte === 0)) return true
  const told = parseInt(`0${/^[ \0]*([0-7]*)/.exec(block.toString('latin1', 148, 156))?.[1] ?? ''}`, 8)
  let unsigned = 8 * 0x20
  let signed = unsigned
  for (let i = 0; i < blockSize; i++) {
    if (i >= 148 && i < 156) continue
    unsigned += block.readUInt8(i)
    signed += block.readInt8(i)
  }
  return told === unsigned || told === signed
}

function asLayer<T>(read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw error instanceof BadTar ? new BadArchive(`in a layer: ${error.message}`) : error
  }
}
