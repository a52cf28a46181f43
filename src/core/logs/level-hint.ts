/**
 * Where in a block a line may be that is serious enough: three letters in a row that each such line has. Finding those costs one look
 * into a table for each byte, which is a fraction of what it costs to ask each line for its level. What is found may be less serious;
 * what is passed over never is, unless it goes on with a line before it.
 */
import type { Level } from './level.ts'
import { levelWords, rankOf } from './level.ts'

/** Index of a byte of the first line that may matter of those that begin at `from` or later, or -1. */
export type LevelHint = (bytes: Uint8Array, from: number) => number

/** What a table says of three bytes in a row. */
const [nothing, word, field] = [0, 1, 2]

/** Letters are 1 to 26 in either case. */
const codes = new Uint8Array(256)
const [digit, escape, quote, afterName] = [27, 28, 29, 30]
for (let letter = 1; letter <= 26; letter += 1) codes[0x40 + letter] = codes[0x60 + letter] = letter
for (let byte = 0x30; byte <= 0x39; byte += 1) codes[byte] = digit
codes[0x1b] = escape
codes[0x22] = quote
for (const byte of [0x3a, 0x20, 0xa0, 0x09, 0x0b, 0x0c, 0x0d]) codes[byte] = afterName

/** What lines hold that say their level by no word for it. Those of klog begin with a letter and digits, right after the mark of the stream. */
const phrases: readonly (readonly [text: string, level: Level])[] = [
  ...(['oE0', 'eE0', 'xce', 'ceb'] as const).map((text) => [text, 'error'] as const),
  ...(['oF0', 'eF0', 'seg'] as const).map((text) => [text, 'fatal'] as const),
  ...(['oW0', 'eW0'] as const).map((text) => [text, 'warn'] as const),
]
/** How the names end that the level has in JSON. */
const nameEnds = ['vel', 'lvl', 'ity', 'ame', 'ext'] as const

interface Tables {
  /** By three bytes in a row. */
  readonly threes: Uint8Array
  /** By two bytes as they are: whether some three begin or end with them. One of both is met at every second byte. */
  readonly pairs: Uint8Array
  /** How values begin in JSON that are wanted, in lower case. */
  readonly initials: ReadonlySet<number>
}

/** For levels above `info` only: a line that says nothing counts as that. */
export function levelHint(level: Level): LevelHint {
  const least = rankOf(level)
  const wanted = [...Object.entries(levelWords), ...phrases].filter(([, known]) => rankOf(known) >= least)
  const threes = new Uint8Array(32_768)
  for (const [text] of wanted) threes[keyOf(text.slice(0, 3))] = word
  for (const end of nameEnds) threes[keyOf(`${end.slice(2)}": `)] = field
  const pairs = pairsOf(threes)
  // A colour may stand in the middle of a word.
  for (const key of threes.keys()) if ((key & 31) === escape || ((key >> 5) & 31) === escape) threes[key] = word
  const initials = new Set(wanted.flatMap(([text]) => [text.charCodeAt(0) | 0x20]))
  const tables = { threes, pairs, initials }
  return (bytes, from) => firstHit(tables, bytes, from)
}

function firstHit(tables: Tables, bytes: Uint8Array, from: number): number {
  const { pairs } = tables
  for (let at = from + 1; at < bytes.length; at += 2) {
    // Four at a time as long as there is nothing: that is most of the text, and a decision for each would cost twice as much.
    while (
      at + 6 < bytes.length &&
      (pairAt(pairs, bytes, at) |
        pairAt(pairs, bytes, at + 2) |
        pairAt(pairs, bytes, at + 4) |
        pairAt(pairs, bytes, at + 6)) ===
        0
    )
      at += 8
    if (at >= bytes.length) break
    if (pairAt(pairs, bytes, at) === 0) continue
    if (isHit(tables, bytes, at)) return at
    if (at + 1 < bytes.length && isHit(tables, bytes, at + 1)) return at + 1
  }
  return -1
}

const pairAt = (pairs: Uint8Array, bytes: Uint8Array, at: number): number =>
  pairs[((bytes[at - 1] as number) << 8) | (bytes[at] as number)] as number

function isHit({ threes, initials }: Tables, bytes: Uint8Array, at: number): boolean {
  const found = threes[keyAt(bytes, at)]
  return found === word || (found === field && mayBeWanted(bytes, at, initials))
}

function pairsOf(threes: Uint8Array): Uint8Array {
  const known = new Uint8Array(1_024).map((_, pair) => Number((pair & 31) === escape || pair >> 5 === escape))
  for (const [key, found] of threes.entries()) if (found !== nothing) known[key >> 5] = known[key & 0x3ff] = 1
  const pairs = new Uint8Array(65_536)
  for (const i of pairs.keys()) pairs[i] = known[((codes[i >> 8] ?? 0) << 5) | (codes[i & 0xff] ?? 0)] ?? 0
  return pairs
}

const keyAt = (bytes: Uint8Array, at: number): number =>
  ((codes[bytes[at - 2] as number] as number) << 10) |
  ((codes[bytes[at - 1] as number] as number) << 5) |
  (codes[bytes[at] as number] as number)

function keyOf(text: string): number {
  let key = 0
  for (const letter of text.slice(0, 3)) key = (key << 5) | (codes[letter.charCodeAt(0)] ?? 0)
  return key
}

const nameKeys: ReadonlySet<number> = new Set(nameEnds.map(keyOf))

/** Whether what stands at `from`, right after a name in JSON, is the level's, and begins like one of the words or is a number. */
function mayBeWanted(bytes: Uint8Array, from: number, initials: ReadonlySet<number>): boolean {
  let name = 0
  for (const back of [4, 3, 2]) name = (name << 5) | (codes[bytes[from - back] ?? 0] ?? 0)
  if (!nameKeys.has(name)) return false
  let at = from
  while (codes[bytes[at] ?? 0] === afterName) at += 1
  const first = codes[bytes[at] ?? 0]
  return first === digit || (first === quote && initials.has((bytes[at + 1] ?? 0) | 0x20))
}
