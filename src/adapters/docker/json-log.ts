/**
 * Entries of the engine's log as they lie in its files (the `json-file` driver), one to a line:
 *
 *     {"log":"some text\n","stream":"stdout","time":"2026-01-02T03:04:05.678901234Z"}
 *
 * Most texts need no unescaping but for their line end, and are taken as they are; everything else goes through JSON.parse.
 */
import type { LogBlock } from '../../lib/log-block.ts'
import { newline } from '../../lib/log-block.ts'
import { BrokenLog, EntryLines, microseconds, StampReader, type StreamName } from './entry-lines.ts'

const opening = Buffer.from('{"log":"')
const middles = (['stdout', 'stderr'] as const).map((stream) => ({
  stream,
  bytes: Buffer.from(`","stream":"${stream}","time":"`),
}))
const middleBytes = middles[0]?.bytes.length ?? 0
const closing = Buffer.from('"}')
/** A time has 20 to 30 characters. */
const longestStamp = 36
/** An entry holds 16 KiB, of which each byte may be written as six. */
export const longestEntry = 131_072

const [backslash, quote, letterN] = [0x5c, 0x22, 0x6e]

const stampForm = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$/
const isStamp = (time: string): boolean => stampForm.test(time) && !Number.isNaN(microseconds(time))

interface Written {
  readonly log: string
  readonly stream: StreamName
  readonly time: string
}

interface Plain {
  readonly stream: StreamName
  /** Where its escaped text ends, which begins behind the opening. */
  readonly textEnd: number
  readonly stampStart: number
  readonly stampEnd: number
}

export class JsonLogReader {
  readonly #lines: EntryLines
  readonly #stamps = new StampReader()
  #rest: Buffer = Buffer.alloc(0)

  /** `base`: when the container was made, in microseconds since the epoch. */
  constructor(base: number) {
    this.#lines = new EntryLines(base)
  }

  /** Whether all that was read ended with whole entries. */
  get isWhole(): boolean {
    return this.#rest.length === 0
  }

  /** The lines of the entries that are complete with this chunk. Throws BrokenLog. */
  push(chunk: Buffer): LogBlock {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    let start = 0
    for (let end = bytes.indexOf(newline); end >= 0; end = bytes.indexOf(newline, start)) {
      this.#entry(bytes, start, end)
      start = end + 1
    }
    this.#rest = Buffer.from(bytes.subarray(start))
    if (this.#rest.length > longestEntry) throw new BrokenLog('there is a log entry without an end')
    return this.#lines.take()
  }

  #entry(bytes: Buffer, start: number, end: number): void {
    const plain = plainEntry(bytes, start, end)
    if (plain === null) {
      const { log, stream, time } = parsedEntry(bytes, start, end)
      const text = Buffer.from(log)
      return this.#lines.add({ micros: microseconds(time), stream }, text, 0, text.length)
    }
    const { stream, textEnd, stampStart, stampEnd } = plain
    const [micros, next] = this.#stamps.read(bytes, stampStart, stampEnd)
    if (next !== stampEnd) throw new BrokenLog('there is a log entry without a time')
    const [entry, from] = [{ micros, stream }, start + opening.length]
    const escape = bytes.indexOf(backslash, from)
    if (escape < 0 || escape >= textEnd) return this.#lines.addLine(entry, bytes, from, textEnd)
    if (escape === textEnd - 2 && bytes[textEnd - 1] === letterN) return this.#lines.addLine(entry, bytes, from, escape)
    const text = Buffer.from(unescaped(bytes, from, textEnd))
    this.#lines.add(entry, text, 0, text.length)
  }
}

/** When an entry was written, in microseconds since the epoch. Throws BrokenLog. */
export const timeOfEntry = (bytes: Buffer, start: number, end: number): number =>
  microseconds(parsedEntry(bytes, start, end).time)

/** Null when it is not of the usual form. */
function plainEntry(bytes: Buffer, start: number, end: number): Plain | null {
  const stampEnd = end - closing.length
  const stampStart = bytes.lastIndexOf(quote, stampEnd - 1) + 1
  const textEnd = stampStart - middleBytes
  const from = start + opening.length
  const isUsual =
    textEnd >= from &&
    stampEnd - stampStart <= longestStamp &&
    closing.equals(bytes.subarray(stampEnd, end)) &&
    opening.equals(bytes.subarray(start, from))
  const middle = isUsual && middles.find((each) => each.bytes.equals(bytes.subarray(textEnd, stampStart)))
  return middle ? { stream: middle.stream, textEnd, stampStart, stampEnd } : null
}

function parsedEntry(bytes: Buffer, start: number, end: number): Written {
  const value = parsed(bytes, start, end)
  if (typeof value === 'object' && value !== null && 'log' in value && 'stream' in value && 'time' in value) {
    const { log, stream, time } = value
    const isStream = stream === 'stdout' || stream === 'stderr'
    if (typeof log === 'string' && isStream && typeof time === 'string' && isStamp(time)) return { log, stream, time }
  }
  throw new BrokenLog('there is something in the log that is no entry')
}

function unescaped(bytes: Buffer, start: number, end: number): string {
  const value = parsed(bytes, start - 1, end + 1)
  if (typeof value === 'string') return value
  throw new BrokenLog('there is an entry in the log without a text')
}

function parsed(bytes: Buffer, start: number, end: number): unknown {
  try {
    return JSON.parse(bytes.toString('utf8', start, end))
  } catch (error) {
    throw new BrokenLog('there is something in the log that is no JSON', { cause: error })
  }
}
