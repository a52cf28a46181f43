/** Reads a tar archive as it passes, and keeps the small files in it that say what the archive holds. */
import { BadArchive, blockSize, type Header, readHeader } from './archive-header.ts'
import { type Extension, readExtension } from './archive-extension.ts'

/** Descriptions of images are some kilobytes. What is larger is a layer, and is only passed over. */
const largestKept = 8_388_608
const largestExtension = 65_536
/** Images have at most 127 layers, each with four entries in the oldest form. */
const mostEntries = 4_096

export interface ArchiveFile {
  readonly name: string
  readonly bytes: Uint8Array
}

export interface ArchiveEntry {
  readonly name: string
  readonly type: 'file' | 'folder' | 'link'
  /** Where a link leads to. */
  readonly target: string
}

type Keep = 'file' | 'extension' | null
type Body = {
  readonly name: string
  keep: Keep
  readonly parts: Uint8Array[]
  left: number
  padding: number
  readonly look: Look | null
}

/** Looks at a file as it passes. */
export interface Look {
  /** Takes the next bytes. Throws BadArchive. */
  push(chunk: Uint8Array): void
  /** No more will come. Throws BadArchive. */
  end(): void
}

export interface ArchiveRules {
  /** Throws BadArchive for an entry that may not be there. */
  readonly check: (entry: ArchiveEntry) => void
  /** Whether the content of a file is wanted. It must be small. */
  readonly isWanted: (name: string, size: number) => boolean
  /** Whether a wanted file is still wanted now that its first byte is there. */
  readonly isStillWanted?: (name: string, size: number, first: number) => boolean
  /** Begins to look at another file. */
  readonly look?: () => Look
}

export class ArchiveReader {
  /** What was wanted. */
  readonly files: ArchiveFile[] = []
  readonly names = new Set<string>()
  readonly #rules: ArchiveRules
  #header = Buffer.alloc(0)
  #body: Body | null = null
  /** About the entry that follows. */
  #extension: Extension | null = null
  #isBegun = false
  #isOver = false

  constructor(rules: ArchiveRules) {
    this.#rules = rules
  }

  /** The first header is whole and in order: these bytes are no other format. */
  get isBegun(): boolean {
    return this.#isBegun
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
    const taken = chunk.subarray(0, blockSize - this.#header.length)
    this.#header = Buffer.concat([this.#header, taken])
    if (this.#header.length < blockSize) return taken.length
    const header = this.#header
    this.#header = Buffer.alloc(0)
    if (header.some((byte) => byte !== 0)) this.#enter(readHeader(header))
    else if (this.#extension === null) this.#isOver = true
    else throw new BadArchive('an extended header of nothing')
    this.#isBegun = true
    return taken.length
  }

  #enter({ name, type, size, target }: Header): void {
    const extension = this.#extension
    this.#extension = null
    if (type === 'extension') {
      if (extension !== null) throw new BadArchive('an extended header of an extended header')
      if (size > largestExtension) throw new BadArchive(`an extended header of ${size} bytes`)
      return this.#open(name, 'extension', size)
    }
    if (type !== 'file' && extension?.size !== undefined) throw new BadArchive('a folder or a link with a size')
    const written = extension?.path ?? name
    const entry = { name: nameOf(written, type), type, target: extension?.linkpath ?? target }
    this.#rules.check(entry)
    if (this.names.has(entry.name)) throw new BadArchive(`${entry.name} comes twice`)
    this.names.add(entry.name)
    if (this.names.size > mostEntries) throw new BadArchive('too many entries')
    const length = extension?.size ?? size
    const isKept = type === 'file' && this.#rules.isWanted(entry.name, length)
    if (isKept && length > largestKept) throw new BadArchive(`${entry.name} has ${length} bytes`)
    this.#open(entry.name, isKept ? 'file' : null, length)
  }

  #open(name: string, keep: Keep, size: number): void {
    const padding = (blockSize - (size % blockSize)) % blockSize
    const look = keep === 'extension' ? null : (this.#rules.look?.() ?? null)
    this.#body = { name, keep, parts: [], left: size, padding, look }
    if (size === 0) this.#leave(this.#body)
  }

  #takeBody(body: Body, chunk: Uint8Array): number {
    const content = chunk.subarray(0, body.left)
    if (body.keep === 'file' && body.parts.length === 0 && content.length > 0) this.#lookAt(body, content[0] ?? 0)
    body.look?.push(content)
    // The caller may use its buffer again.
    if (body.keep !== null && content.length > 0) body.parts.push(Uint8Array.from(content))
    body.left -= content.length
    const padding = Math.min(body.padding, chunk.length - content.length)
    if (body.left === 0) body.padding -= padding
    if (body.left === 0 && body.padding === 0) this.#leave(body)
    return content.length + (body.left === 0 ? padding : 0)
  }

  #lookAt(body: Body, first: number): void {
    if (this.#rules.isStillWanted?.(body.name, body.left, first) === false) body.keep = null
  }

  #leave({ name, keep, parts, look }: Body): void {
    this.#body = null
    look?.end()
    if (keep === 'file') this.files.push({ name, bytes: Buffer.concat(parts) })
    if (keep === 'extension') this.#extension = readExtension(Buffer.concat(parts))
  }

  #onlyZeros(chunk: Uint8Array): void {
    if (chunk.some((byte) => byte !== 0)) throw new BadArchive('something follows its end')
  }
}

/** Folders are written with a slash at their end. */
const nameOf = (written: string, type: ArchiveEntry['type']): string =>
  type === 'folder' && written.endsWith('/') ? written.slice(0, -1) : written
