/** Which lines of a log are shown: those of a level, a time and a pattern, with the lines around them, or the last of them. */
import type { LogBlock } from '../../lib/log-block.ts'
import { instantAt, isErrorAt, lineHeader, newline, positionAt } from '../../lib/log-block.ts'
import type { LogChunk } from '../../lib/log-chunk.ts'
import { ChunkWriter } from '../../lib/log-chunk.ts'
import type { Instant } from '../../model/time.ts'
import type { Level } from './level.ts'
import { levelOf, rankOf } from './level.ts'
import { levelHint, type LevelHint } from './level-hint.ts'
import { PatternSearch } from './pattern-search.ts'

export interface FilterSettings {
  /** This level and what is more serious. */
  readonly level: Level | null
  readonly search: string | null
  readonly since: Instant | null
  readonly until: Instant | null
  /** So many lines before and after each that matches. */
  readonly context: number
  /** Of what there is at first, only so many last lines. */
  readonly tail: number | null
  /** With the position and time of each line. */
  readonly details: boolean
}

/** A filter that takes all needs not look at the text. */
export const isOpen = ({ level, search, since, until }: FilterSettings): boolean =>
  level === null && search === null && since === null && until === null

/** Of lines that do not say how serious they are. */
const ordinary = rankOf('info')
/** What clocks may be wrong by before a line counts as later than all that was wanted. */
const clockSlack = 60_000
/** So much text is made a string at a time: larger ones cost more to make than to search. */
const pieceBytes = 16_384
/** Lines that wait to be among the last, in bytes. */
const mostWaiting = 64 * 1_048_576

interface Waiting {
  readonly line: LogBlock
  readonly isContext: boolean
  readonly isAfterGap: boolean
}

export class LogFilter {
  readonly #settings: FilterSettings
  readonly #search: PatternSearch | null
  readonly #least: number
  /** Null where lines that say nothing are wanted too. */
  readonly #levelHint: LevelHint | null
  readonly #writer: ChunkWriter
  /** The level that lines without one go on with, by stream. */
  readonly #levels = { stdout: ordinary, stderr: ordinary }
  /** Lines before the next match, as many as the context. */
  #before: LogBlock[] = []
  /** How many lines after the last match are still shown. */
  #after = 0
  #hasGap = false
  #hasShown = false
  /** The last lines so far, while only those of them are wanted. */
  #last: Waiting[] | null
  #lastBytes = 0
  /** The line that was put last, and where in its block. */
  #newest: readonly [LogBlock, number] | null = null
  #isPast = false

  /** Throws INVALID_REQUEST for a pattern that cannot be used. */
  constructor(settings: FilterSettings) {
    this.#settings = settings
    this.#search = settings.search === null ? null : new PatternSearch(settings.search)
    this.#least = settings.level === null ? 0 : rankOf(settings.level)
    this.#levelHint = settings.level === null || this.#least <= ordinary ? null : levelHint(settings.level)
    this.#writer = new ChunkWriter(settings.details)
    this.#last = settings.tail === null ? null : []
  }

  /** Nothing that comes can match any more. */
  get isPast(): boolean {
    return this.#isPast
  }

  /** What of the block is shown. */
  *push(block: LogBlock): Generator<LogChunk> {
    const { until, level } = this.#settings
    const hint = level === null ? (this.#search?.hint ?? null) : null
    if (hint !== null) yield* this.#lookWhere(hint, block)
    else if (this.#levelHint !== null) yield* this.#lookWhereSerious(this.#levelHint, block)
    else yield* this.#lookAtAll(block, 0, block.length)
    if (until !== null && block.length > 0 && instantAt(block, 0) > until + clockSlack) this.#isPast = true
    yield* this.#take()
  }

  *#lookAtAll(block: LogBlock, from: number, to: number): Generator<LogChunk> {
    let end = from
    for (let start = from; start < to; start = end) {
      end = endOfLine(block, start)
      if (this.#matches(block, start, end)) this.#show(block, start, end)
      else this.#passOne(block, start, end)
      if (this.#writer.isFull) yield* this.#take()
    }
  }

  /** Looks only at lines that have what every match has. */
  *#lookWhere(hint: RegExp, block: LogBlock): Generator<LogChunk> {
    let seen = 0
    for (let from = 0; from < block.length;) {
      const to = block.lastIndexOf(newline, Math.min(block.length, from + pieceBytes) - 1) + 1
      // A line that is longer than a piece is a piece of its own.
      const end = to > from ? to : endOfLine(block, from)
      const text = block.toString('latin1', from, end)
      hint.lastIndex = 0
      for (let found = hint.exec(text); found !== null; found = hint.exec(text)) {
        const start = block.lastIndexOf(newline, from + found.index) + 1
        this.#pass(block, seen, start)
        seen = endOfLine(block, start)
        yield* this.#lookAtAll(block, start, seen)
        hint.lastIndex = seen - from
      }
      from = end
    }
    this.#pass(block, seen, block.length)
  }

  /** Looks only at lines that may be serious enough, and at those after them until both streams are at something less. */
  *#lookWhereSerious(hint: LevelHint, block: LogBlock): Generator<LogChunk> {
    let seen = 0
    while (seen < block.length) {
      const goesOn = Math.max(this.#levels.stdout, this.#levels.stderr) >= this.#least
      const found = goesOn ? seen : hint(block, seen)
      if (found === -1) break
      const start = goesOn ? seen : Math.max(seen, block.lastIndexOf(newline, found - 1) + 1)
      this.#pass(block, seen, start)
      seen = endOfLine(block, start)
      yield* this.#lookAtAll(block, start, seen)
    }
    this.#pass(block, seen, block.length)
  }

  /** All that was there at first has come: what waited to be among the last lines is shown. */
  *current(): Generator<LogChunk> {
    const last = this.#last ?? []
    this.#last = null
    for (const { line, isContext, isAfterGap } of lastOf(last, this.#settings.tail ?? 0)) {
      if (isAfterGap) this.#writer.gap()
      this.#put(line, 0, line.length, isContext)
      if (this.#writer.isFull) yield* this.#take()
    }
    yield* this.#take()
  }

  #matches(block: LogBlock, start: number, end: number): boolean {
    const { since, until, level } = this.#settings
    if (since !== null || until !== null) {
      const at = instantAt(block, start)
      if ((since !== null && at < since) || (until !== null && at > until)) return false
    }
    if (level !== null && this.#levelOf(block, start, end) < this.#least) return false
    return this.#search === null || this.#search.matches(block, start + lineHeader)
  }

  /** A line that says nothing of its level is an ordinary one; one that goes on with another has that one's. */
  #levelOf(block: LogBlock, start: number, end: number): number {
    const stream = isErrorAt(block, start) ? 'stderr' : 'stdout'
    const found = levelOf(block, start + lineHeader, end - 1)
    if (found !== 'more') this.#levels[stream] = found === 'none' ? ordinary : rankOf(found)
    return this.#levels[stream]
  }

  #show(block: LogBlock, start: number, end: number): void {
    const isAfterGap = this.#hasGap && this.#hasShown
    const [first, ...rest] = this.#before
    if (first !== undefined) this.#emit(first, 0, first.length, { isContext: true, isAfterGap })
    for (const line of rest) this.#emit(line, 0, line.length, { isContext: true, isAfterGap: false })
    this.#emit(block, start, end, { isContext: false, isAfterGap: isAfterGap && first === undefined })
    this.#before = []
    this.#after = this.#settings.context
    this.#hasGap = false
    this.#hasShown = true
  }

  /** Lines that do not match. */
  #pass(block: LogBlock, from: number, to: number): void {
    const { context } = this.#settings
    let start = from
    for (let end = start; this.#after > 0 && start < to; start = end) {
      end = endOfLine(block, start)
      this.#passOne(block, start, end)
    }
    if (context === 0 || start >= to) return
    // Only the last of them may be shown.
    let first = to
    for (let count = 0; count <= context && first > start; count += 1) first = block.lastIndexOf(newline, first - 2) + 1
    if (first > start) {
      this.#before = []
      this.#hasGap = true
    }
    for (let end = first; first < to; first = end) {
      end = endOfLine(block, first)
      this.#passOne(block, first, end)
    }
  }

  #passOne(block: LogBlock, start: number, end: number): void {
    const { context } = this.#settings
    if (this.#after > 0) {
      this.#after -= 1
      this.#emit(block, start, end, { isContext: true, isAfterGap: false })
      return
    }
    if (context === 0) return
    this.#before.push(Buffer.from(block.subarray(start, end)))
    if (this.#before.length <= context) return
    this.#before.shift()
    this.#hasGap = true
  }

  #emit(block: LogBlock, start: number, end: number, as: Omit<Waiting, 'line'>): void {
    const waiting = this.#last
    if (waiting === null) {
      if (as.isAfterGap) this.#writer.gap()
      this.#put(block, start, end, as.isContext)
      return
    }
    const most = this.#settings.tail ?? 0
    waiting.push({ line: Buffer.from(block.subarray(start, end)), ...as })
    this.#lastBytes += end - start
    // Not at every line: moving all of them costs.
    if (waiting.length < 2 * most + 64 && this.#lastBytes < mostWaiting) return
    this.#last = this.#lastBytes < mostWaiting ? lastOf(waiting, most) : waiting.slice(waiting.length >> 1)
    this.#lastBytes = this.#last.reduce((sum, { line }) => sum + line.length, 0)
  }

  #put(block: LogBlock, start: number, end: number, isContext: boolean): void {
    this.#writer.add(block, start, end, isContext)
    this.#newest = [block, start]
  }

  *#take(): Generator<LogChunk> {
    if (this.#newest === null) return
    const chunk = this.#writer.take(positionAt(...this.#newest))
    if (chunk !== null) yield chunk
  }
}

function endOfLine(block: LogBlock, start: number): number {
  const end = block.indexOf(newline, start + lineHeader) + 1
  if (end === 0) throw new Error('a block of lines ends within one')
  return end
}

const lastOf = <T>(all: readonly T[], count: number): T[] => (count === 0 ? [] : all.slice(-count))
