/** Reads the lines of a chain as they stand in its files, whatever the writer believes of them. */
import { type FileHandle, open } from 'node:fs/promises'
import type { AuditReader, AuditSegment } from '../../ports/audit.ts'

const chunkBytes = 262_144
/** A line that is longer was not written by us, and is given in pieces: none of them is a good one. */
const longestLine = 65_536
const newline = 0x0a

interface Segment extends AuditSegment {
  readonly path: string
}

interface Place {
  readonly segment: Segment
  offset: number
}

export class FileAuditReader implements AuditReader {
  readonly #segments: () => readonly Segment[]
  readonly #from: number
  #place: Place | null = null
  #file: FileHandle | null = null

  constructor(segments: () => readonly Segment[], from: number) {
    this.#segments = segments
    this.#from = from
  }

  async next(): Promise<string | null> {
    for (;;) {
      const place = (this.#place ??= this.#beginning())
      if (place === null) return null
      const text = await this.#read(place)
      if (text !== null) return text
      const following = this.#segments().find(({ first }) => first > place.segment.first)
      if (following === undefined) return null
      // A line that was cut in the middle of the log is no good line, and must be seen as such.
      const rest = await this.#rest(place)
      await this.close()
      this.#place = { segment: following, offset: 0 }
      if (rest !== '') return `${rest}\n`
    }
  }

  async close(): Promise<void> {
    const file = this.#file
    this.#file = null
    await file?.close()
  }

  #beginning(): Place | null {
    const segments = this.#segments()
    const segment = segments.findLast(({ first }) => first <= this.#from) ?? segments[0]
    return segment === undefined ? null : { segment, offset: 0 }
  }

  /** Null when nothing is there, or no whole line. */
  async #read(place: Place): Promise<string | null> {
    const bytes = await this.#bytes(place, chunkBytes)
    const end = bytes.lastIndexOf(newline) + 1
    if (end > 0) {
      place.offset += end
      return bytes.toString('utf8', 0, end)
    }
    if (bytes.length < longestLine) return null
    place.offset += bytes.length
    return `${bytes.toString('latin1', 0, longestLine)}\n`
  }

  async #rest(place: Place): Promise<string> {
    return (await this.#bytes(place, longestLine)).toString('utf8')
  }

  async #bytes({ segment, offset }: Place, most: number): Promise<Buffer> {
    try {
      this.#file ??= await open(segment.path, 'r')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return Buffer.alloc(0)
      throw error
    }
    const chunk = Buffer.allocUnsafe(most)
    const { bytesRead } = await this.#file.read(chunk, 0, most, offset)
    return chunk.subarray(0, bytesRead)
  }
}
