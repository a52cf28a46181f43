/**
 * Lines of output as bytes, many at a time: how executors hand them out, how they are kept, and what filters look at. A line is
 *
 *     9 characters of position, 7 of milliseconds since the epoch, `o` or `e`, its text, a newline
 *
 * with numbers in base 64 of digits that sort as the numbers do. A block holds whole lines only.
 */

export type LogBlock = Buffer

export interface LogLine {
  /** Rises with every line of one attempt: pass it as `from` to go on after it, without gap or repeat. */
  readonly position: number
  readonly at: number
  readonly stream: 'stdout' | 'stderr'
  readonly text: string
}

const positionDigits = 9
const timeDigits = 7
/** What comes before a line's text, in bytes. */
export const lineHeader = positionDigits + timeDigits + 1

export const newline = 0x0a
const [out, err] = [0x6f, 0x65]

const alphabet = '-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz'
const digitOf = Buffer.from(alphabet, 'latin1')
const valueOf = new Int8Array(256).fill(-1)
for (let value = 0; value < digitOf.length; value += 1) valueOf[digitOf[value] ?? 0] = value

function putNumber(bytes: Uint8Array, at: number, digits: number, value: number): void {
  // Two halves, because bitwise arithmetic ends at 32 bits.
  let high = Math.floor(value / 16_777_216)
  let low = value - high * 16_777_216
  let place = at + digits - 1
  for (const end = place - 4; place > end; place -= 1) {
    bytes[place] = digitOf[low & 63] ?? 0
    low >>= 6
  }
  for (; place >= at; place -= 1) {
    bytes[place] = digitOf[high % 64] ?? 0
    high = Math.floor(high / 64)
  }
}

/** NaN for what is no number of ours. */
function numberAt(bytes: Uint8Array, at: number, digits: number): number {
  let value = 0
  for (let place = at; place < at + digits; place += 1) {
    const digit = valueOf[bytes[place] ?? 0] ?? -1
    if (digit < 0) return NaN
    value = value * 64 + digit
  }
  return value
}

/** How many lines it holds. */
export function linesIn(block: LogBlock): number {
  let count = 0
  for (let end = block.indexOf(newline); end >= 0; end = block.indexOf(newline, end + 1)) count += 1
  return count
}

/** Of the line that starts at `at`. */
export const positionAt = (block: Uint8Array, at: number): number => numberAt(block, at, positionDigits)
export const instantAt = (block: Uint8Array, at: number): number => numberAt(block, at + positionDigits, timeDigits)
export const isErrorAt = (block: Uint8Array, at: number): boolean => block[at + lineHeader - 1] === err

/** Whether a line of ours starts there: its header is whole and its position above `after`. */
export function isLineAt(block: Uint8Array, at: number, after: number): boolean {
  const mark = block[at + lineHeader - 1]
  return (mark === out || mark === err) && positionAt(block, at) > after && !Number.isNaN(instantAt(block, at))
}

/** Where the last line of a block starts, or -1 when it has none. */
export const lastLine = (block: LogBlock): number =>
  block.length === 0 ? -1 : block.lastIndexOf(newline, block.length - 2) + 1

/** Position of a block's last line; null when it has none. */
export const lastPosition = (block: LogBlock): number | null =>
  block.length === 0 ? null : positionAt(block, lastLine(block))

/** Puts lines together. Texts must not hold a newline. */
export class BlockWriter {
  #bytes: Buffer
  #length = 0

  constructor(expected = 4_096) {
    this.#bytes = Buffer.allocUnsafe(expected)
  }

  get length(): number {
    return this.#length
  }

  /** The line whose text is `source` from `start` to `end`. */
  add(head: Omit<LogLine, 'text'>, source: Uint8Array, start = 0, end = source.length): void {
    this.#reserve(lineHeader + end - start + 1)
    const bytes = this.#bytes
    putNumber(bytes, this.#length, positionDigits, head.position)
    putNumber(bytes, this.#length + positionDigits, timeDigits, head.at)
    bytes[this.#length + lineHeader - 1] = head.stream === 'stderr' ? err : out
    bytes.set(source.subarray(start, end), this.#length + lineHeader)
    this.#length += lineHeader + end - start + 1
    bytes[this.#length - 1] = newline
  }

  /** A line as it stands in another block. */
  copy(source: Uint8Array, start: number, end: number): void {
    this.#reserve(end - start)
    this.#bytes.set(source.subarray(start, end), this.#length)
    this.#length += end - start
  }

  /** What was added since the last time. */
  take(): LogBlock {
    const block = this.#bytes.subarray(0, this.#length)
    this.#bytes = Buffer.allocUnsafe(Math.max(4_096, this.#length))
    this.#length = 0
    return block
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#bytes.length) return
    const larger = Buffer.allocUnsafe(Math.max(2 * this.#bytes.length, this.#length + more))
    larger.set(this.#bytes.subarray(0, this.#length))
    this.#bytes = larger
  }
}

export function blockOf(lines: Iterable<LogLine>): LogBlock {
  const writer = new BlockWriter()
  for (const line of lines) writer.add(line, Buffer.from(line.text, 'utf8'))
  return writer.take()
}

export function linesOf(block: LogBlock): LogLine[] {
  const lines: LogLine[] = []
  for (let start = 0; start < block.length;) {
    const end = block.indexOf(newline, start)
    if (end < 0) throw new Error('a block of lines ends within one')
    lines.push({
      position: positionAt(block, start),
      at: instantAt(block, start),
      stream: isErrorAt(block, start) ? 'stderr' : 'stdout',
      text: block.toString('utf8', start + lineHeader, end),
    })
    start = end + 1
  }
  return lines
}

/** The rest of a block behind a position. */
export function after(block: LogBlock, position: number): LogBlock {
  let start = 0
  while (start < block.length && positionAt(block, start) <= position) start = block.indexOf(newline, start) + 1
  return start === 0 ? block : block.subarray(start)
}
