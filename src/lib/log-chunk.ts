/** Lines of output as they travel and are shown: one text for many lines, and beside it what each of them is. */
import type { LogBlock, LogLine } from './log-block.ts'
import { instantAt, isErrorAt, lineHeader, positionAt } from './log-block.ts'

export interface LogChunk {
  /** Position of the last line. */
  readonly position: number
  /** Each line ends with a newline. */
  readonly text: string
  /**
   * Runs of lines: `o` to standard output and `e` to standard error, `p` and `f` the same for lines that are only the context of a match,
   * each with its number; `-` where lines were left out between two matches.
   */
  readonly kinds: string
  /** Positions, and times in milliseconds since the epoch: the first, and how much more each next one is. */
  readonly positions?: string | undefined
  readonly times?: string | undefined
}

export type Kind = 'o' | 'e' | 'p' | 'f'

/** A chunk is handed on when it has so much text: enough for few messages, few enough for smooth ones. */
const enough = 49_152

export class ChunkWriter {
  readonly #hasDetails: boolean
  #bytes = Buffer.allocUnsafe(2 * enough)
  #length = 0
  #kinds = ''
  #run: Kind | null = null
  #runLength = 0
  #position = -1
  #positions: string[] = []
  #times: string[] = []
  #lastAt = 0

  constructor(hasDetails: boolean) {
    this.#hasDetails = hasDetails
  }

  get isFull(): boolean {
    return this.#length >= enough
  }

  /** The line of the block from its header to behind its newline. */
  add(block: LogBlock, start: number, end: number, isContext = false): void {
    const size = end - start - lineHeader
    if (this.#length + size > this.#bytes.length) this.#grow(size)
    block.copy(this.#bytes, this.#length, start + lineHeader, end)
    this.#length += size
    const isError = isErrorAt(block, start)
    const kind = isContext ? (isError ? 'f' : 'p') : isError ? 'e' : 'o'
    if (kind !== this.#run) this.#endRun(kind)
    this.#runLength += 1
    if (this.#hasDetails) this.#detail(block, start)
  }

  /** Says that lines were left out. */
  gap(): void {
    this.#endRun(null)
    this.#kinds += '-'
  }

  /** What was added since the last time; null when that is nothing. `last` is the position of the last line. */
  take(last: number): LogChunk | null {
    this.#endRun(null)
    if (this.#kinds === '') return null
    const text = this.#bytes.toString('utf8', 0, this.#length)
    const details = this.#hasDetails ? { positions: this.#positions.join(), times: this.#times.join() } : {}
    const chunk = { position: last, text, kinds: this.#kinds, ...details }
    this.#length = 0
    this.#kinds = ''
    this.#positions = []
    this.#times = []
    return chunk
  }

  #detail(block: LogBlock, start: number): void {
    const [position, at] = [positionAt(block, start), instantAt(block, start)]
    const isFirst = this.#positions.length === 0
    this.#positions.push(String(isFirst ? position : position - this.#position))
    this.#times.push(String(isFirst ? at : at - this.#lastAt))
    this.#position = position
    this.#lastAt = at
  }

  #endRun(next: Kind | null): void {
    if (this.#run !== null) this.#kinds += `${this.#run}${this.#runLength}`
    this.#run = next
    this.#runLength = 0
  }

  #grow(size: number): void {
    const larger = Buffer.allocUnsafe(2 * (this.#bytes.length + size))
    this.#bytes.copy(larger, 0, 0, this.#length)
    this.#bytes = larger
  }
}

export interface ShownLine extends Omit<LogLine, 'position' | 'at'> {
  /** Null in a chunk that was asked for without details. */
  readonly position: number | null
  readonly at: number | null
  readonly isContext: boolean
  /** Lines were left out before it. */
  readonly isAfterGap: boolean
}

export interface Run {
  readonly kind: Kind | '-'
  readonly count: number
}

/** Of a chunk that a peer made; anything that makes no sense is left out. */
export const runsOf = (kinds: string): Run[] => [...runsIn(kinds)]

/** The same one by one, however many they are. */
export function* runsIn(kinds: string): Generator<Run> {
  for (const [, kind, count] of kinds.matchAll(/([oepf])(\d{1,7})|-/g))
    yield kind === undefined ? { kind: '-', count: 0 } : { kind: kind as Kind, count: Number(count) }
}

export const isError = (kind: Run['kind']): boolean => kind === 'e' || kind === 'f'

/** The lines of a chunk, one by one. */
export function linesOfChunk({ text, kinds, positions, times }: LogChunk): ShownLine[] {
  const lines: ShownLine[] = []
  const [nextPosition, nextTime] = [summing(positions), summing(times)]
  let start = 0
  let isAfterGap = false
  for (const { kind, count } of runsOf(kinds)) {
    if (kind === '-') isAfterGap = true
    for (let i = 0; i < count && start < text.length; i += 1) {
      const end = text.indexOf('\n', start)
      const stop = end < 0 ? text.length : end
      lines.push({
        position: nextPosition(),
        at: nextTime(),
        stream: isError(kind) ? 'stderr' : 'stdout',
        text: text.slice(start, stop),
        isContext: kind === 'p' || kind === 'f',
        isAfterGap,
      })
      isAfterGap = false
      start = stop + 1
    }
  }
  return lines
}

function summing(numbers: string | undefined): () => number | null {
  if (numbers === undefined) return () => null
  const each = numbers.split(',').map(Number)
  let [at, sum] = [0, 0]
  return () => (sum += each[at++] ?? 0)
}
