/**
 * Whether an archive that an engine writes goes on to its end. A file that becomes smaller while it is read ends the archive right there, and
 * the engine only notes that in its own log: the answer ends as if nothing were missing.
 */
import { blockSize } from './archive-header.ts'

/** Most bytes that are read of what is said of an entry, as engines do themselves. */
const mostWords = 1_048_576

/** Passes the archive on. Throws what `cut` makes when it has ended before the two blocks of zeros that an archive ends with. */
export async function* wholeArchive(archive: AsyncIterable<Uint8Array>, cut: () => Error): AsyncGenerator<Uint8Array> {
  const walk = walkOf()
  for await (const chunk of archive) {
    walk.pass(chunk)
    yield chunk
  }
  if (!walk.isOver()) throw cut()
}

function walkOf() {
  /** Of the content of an entry, still to come. */
  let content = 0
  /** What is being gathered: a header, or the words of an extended one. */
  let gathered = Buffer.alloc(blockSize)
  let filled = 0
  let words: number | null = null
  /** What extended headers have said of the size of the next entry. */
  let said: number | null = null
  let zeros = 0

  function gather(bytes: number): void {
    gathered = Buffer.alloc(bytes)
    filled = 0
  }

  function take(): void {
    const block = gathered
    if (words !== null) {
      said = sizeSaid(block.subarray(0, words)) ?? said
      words = null
    } else if (block.every((byte) => byte === 0)) zeros += 1
    else {
      zeros = 0
      const { size, isExtension } = entryIn(block)
      if (isExtension && size > 0 && size <= mostWords) {
        words = size
        gather(padded(size))
        return
      }
      content = padded(isExtension ? size : (said ?? size))
      if (!isExtension) said = null
    }
    gather(blockSize)
  }

  return {
    pass(chunk: Uint8Array): void {
      for (let at = 0; at < chunk.length && zeros < 2;) {
        const some = Math.min(content > 0 ? content : gathered.length - filled, chunk.length - at)
        if (content > 0) content -= some
        else {
          gathered.set(chunk.subarray(at, at + some), filled)
          filled += some
          if (filled === gathered.length) take()
        }
        at += some
      }
    },
    isOver: () => zeros === 2,
  }
}

const padded = (size: number): number => Math.ceil(size / blockSize) * blockSize

/** Links, devices, folders and pipes have no content, whatever stands there. */
const without = '123456'

function entryIn(header: Buffer): { readonly size: number; readonly isExtension: boolean } {
  const kind = String.fromCharCode(header[156] ?? 0)
  return { size: without.includes(kind) ? 0 : sizeIn(header.subarray(124, 136)), isExtension: kind === 'x' }
}

/** Octal digits, or a number of eleven bytes where the highest bit says so. One that is neither never ends. */
function sizeIn(field: Buffer): number {
  if (((field[0] ?? 0) & 0x80) !== 0) return field.subarray(1).reduce((size, byte) => size * 256 + byte, 0)
  const digits = /^ *([0-7]*)[\0 ]*$/.exec(field.toString('latin1'))?.[1]
  return digits === undefined ? Infinity : Number(`0o0${digits}`)
}

/** Of records such as `22 size=10737418240\n`, whose values may hold anything: null where none says it. */
function sizeSaid(records: Buffer): number | null {
  let size: number | null = null
  for (let at = 0; at < records.length;) {
    const head = /^(\d{1,7}) ([^=]{1,256})=/.exec(records.toString('latin1', at, at + 270))
    const length = Number(head?.[1] ?? 0)
    if (head === null || length <= head[0].length) return size
    if (head[2] === 'size') size = Number(records.toString('latin1', at + head[0].length, at + length - 1))
    at += length
  }
  return size
}
