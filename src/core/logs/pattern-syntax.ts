/**
 * Patterns of searches: plain text, or a regular expression between slashes. Read into a tree over bytes of UTF-8. Only what a finite
 * automaton can do is taken, so a search takes time in proportion to the text, whatever the pattern.
 */
import { ClawError } from '../../model/failure.ts'

/** A set of bytes. */
export type ByteSet = Uint8Array

export type Assertion = 'start' | 'end' | 'boundary' | 'no-boundary'

export type Node =
  | { readonly type: 'bytes'; readonly set: ByteSet }
  | { readonly type: 'sequence'; readonly parts: readonly Node[] }
  | { readonly type: 'choice'; readonly options: readonly Node[] }
  | { readonly type: 'repeat'; readonly part: Node; readonly least: number; readonly most: number | null }
  | { readonly type: 'assert'; readonly what: Assertion }

const longest = 1_000
const mostRepeats = 1_000

/** Without capitals, case does not matter. Throws INVALID_REQUEST for what cannot be searched for. */
export function parsePattern(text: string): Node {
  if (text === '') throw invalid('it is empty')
  if (text.length > longest) throw invalid(`it is longer than ${longest} characters`)
  const [, expression, flags] = /^\/([\s\S]+)\/([a-z]*)$/.exec(text) ?? []
  if (expression === undefined) return sequence(Array.from(text, (each) => literal(each, !hasCapital(text))))
  if (!/^[i]*$/.test(flags ?? '')) throw invalid(`of flags only i is known, not ${flags ?? ''}`)
  const anyCase = flags !== '' || !hasCapital(expression.replace(/\\./g, ''))
  return new Parser(expression, anyCase).parse()
}

const hasCapital = (text: string): boolean => /\p{Lu}/u.test(text)

const invalid = (why: string): ClawError =>
  new ClawError('INVALID_REQUEST', { problem: `the search pattern cannot be used: ${why}` })

const sequence = (parts: readonly Node[]): Node => ({ type: 'sequence', parts })
const choice = (options: readonly Node[]): Node => ({ type: 'choice', options })

function bytesOf(...ranges: readonly (readonly [number, number])[]): Node & { readonly type: 'bytes' } {
  const set = new Uint8Array(256)
  for (const [from, to] of ranges) set.fill(1, from, to + 1)
  return { type: 'bytes', set }
}

const encoder = new TextEncoder()
const exactly = (text: string): Node => sequence(Array.from(encoder.encode(text), (byte) => bytesOf([byte, byte])))

/** One character, in either case if need be. */
function literal(character: string, anyCase: boolean): Node {
  if (character === '\n') throw invalid('no line holds a newline')
  if (!anyCase) return exactly(character)
  const cases = [...new Set([character, character.toLowerCase(), character.toUpperCase()])]
  if (cases.every((each) => /^[\0-\x7f]$/.test(each))) {
    return bytesOf(...cases.map((each) => [each.charCodeAt(0), each.charCodeAt(0)] as const))
  }
  return choice(cases.map(exactly))
}

const tail = [0x80, 0xbf] as const
/** A character beyond ASCII; a byte that belongs to none counts as one. */
const beyondAscii: readonly Node[] = [
  sequence([bytesOf([0xc2, 0xdf]), bytesOf(tail)]),
  sequence([bytesOf([0xe0, 0xef]), bytesOf(tail), bytesOf(tail)]),
  sequence([bytesOf([0xf0, 0xf4]), bytesOf(tail), bytesOf(tail), bytesOf(tail)]),
  bytesOf([0x80, 0xff]),
]

const [digit, upper, lower] = [[0x30, 0x39] as const, [0x41, 0x5a] as const, [0x61, 0x7a] as const]
const classes: Readonly<Record<string, readonly (readonly [number, number])[]>> = {
  d: [digit],
  w: [digit, upper, lower, [0x5f, 0x5f]],
  s: [[0x09, 0x0d], [0x20, 0x20]], // prettier-ignore
}
const controls: Readonly<Record<string, string>> = { t: '\t', r: '\r', f: '\f', v: '\v', e: '\u001b', 0: '\0' }

/** Everything in ASCII that is not in the set, and all beyond it. */
function others(set: ByteSet): Node {
  const rest = new Uint8Array(256)
  for (let byte = 0; byte < 0x80; byte += 1) rest[byte] = set[byte] === 0 && byte !== 0x0a ? 1 : 0
  return choice([{ type: 'bytes', set: rest }, ...beyondAscii])
}

class Parser {
  readonly #characters: readonly string[]
  readonly #anyCase: boolean
  #at = 0
  #depth = 0

  constructor(text: string, anyCase: boolean) {
    this.#characters = Array.from(text)
    this.#anyCase = anyCase
  }

  parse(): Node {
    const node = this.#choice()
    if (this.#peek() !== undefined) throw invalid('a ) has no (')
    return node
  }

  #peek(): string | undefined {
    return this.#characters[this.#at]
  }

  #take(): string {
    const next = this.#characters[this.#at]
    if (next === undefined) throw invalid('it ends too early')
    this.#at += 1
    return next
  }

  #skip(wanted: string): boolean {
    if (this.#peek() !== wanted) return false
    this.#at += 1
    return true
  }

  #choice(): Node {
    if ((this.#depth += 1) > 50) throw invalid('its parentheses are nested too deeply')
    const options = [this.#sequence()]
    while (this.#skip('|')) options.push(this.#sequence())
    this.#depth -= 1
    return options.length === 1 ? (options[0] ?? sequence([])) : choice(options)
  }

  #sequence(): Node {
    const parts: Node[] = []
    for (let next = this.#peek(); next !== undefined && next !== '|' && next !== ')'; next = this.#peek())
      parts.push(this.#repeated(this.#atom()))
    return sequence(parts)
  }

  #repeated(part: Node): Node {
    let node = part
    for (let limits = this.#limits(); limits !== null; limits = this.#limits()) {
      if (part.type === 'assert') throw invalid('a place cannot be repeated')
      // Lazy or not, a line matches or it does not.
      this.#skip('?')
      node = { type: 'repeat', part: node, ...limits }
    }
    return node
  }

  #limits(): { readonly least: number; readonly most: number | null } | null {
    if (this.#skip('*')) return { least: 0, most: null }
    if (this.#skip('+')) return { least: 1, most: null }
    if (this.#skip('?')) return { least: 0, most: 1 }
    const rest = this.#characters.slice(this.#at, this.#at + 12).join('')
    const [whole, from, comma, to] = /^\{(\d{1,4})(,?)(\d{0,4})\}/.exec(rest) ?? []
    if (whole === undefined) return null
    this.#at += whole.length
    const least = Number(from)
    const most = comma === '' ? least : to === '' ? null : Number(to)
    if (Math.max(least, most ?? 0) > mostRepeats || (most !== null && most < least))
      throw invalid(`${whole} is no number of repetitions up to ${mostRepeats}`)
    return { least, most }
  }

  #atom(): Node {
    const next = this.#take()
    switch (next) {
      case '(':
        return this.#group()
      case '[':
        return this.#set()
      case '.':
        return others(new Uint8Array(256))
      case '^':
        return { type: 'assert', what: 'start' }
      case '$':
        return { type: 'assert', what: 'end' }
      case '\\':
        return this.#escape()
      case '*':
      case '+':
      case '?':
        throw invalid(`${next} has nothing to repeat`)
      default:
        return literal(next, this.#anyCase)
    }
  }

  #group(): Node {
    if (this.#skip('?')) {
      if (!this.#skip(':')) throw invalid('it must not look ahead or behind, nor name its groups')
    }
    const node = this.#choice()
    if (!this.#skip(')')) throw invalid('a ( has no )')
    return node
  }

  #escape(): Node {
    const name = this.#take()
    if (name === 'b' || name === 'B') return { type: 'assert', what: name === 'b' ? 'boundary' : 'no-boundary' }
    const known = classes[name.toLowerCase()]
    if (known !== undefined) {
      const set = bytesOf(...known)
      return name === name.toLowerCase() ? set : others(set.set)
    }
    return literal(this.#escaped(name), this.#anyCase)
  }

  #escaped(name: string): string {
    const control = controls[name]
    if (control !== undefined) return control
    if (name === 'x' || name === 'u') return this.#coded(name === 'x' ? 2 : 4)
    if (/[\p{L}\d]/u.test(name)) throw invalid(`\\${name} is not known`)
    return name
  }

  #coded(digits: number): string {
    const code = this.#characters.slice(this.#at, this.#at + digits).join('')
    if (!new RegExp(`^[0-9a-fA-F]{${digits}}$`).test(code)) throw invalid(`\\x and \\u need hexadecimal digits`)
    this.#at += digits
    return String.fromCodePoint(parseInt(code, 16))
  }

  #set(): Node {
    const isNegated = this.#skip('^')
    const ascii = new Uint8Array(256)
    const further: Node[] = []
    for (let isFirst = true; isFirst || this.#peek() !== ']'; isFirst = false) this.#member(ascii, further)
    this.#take()
    ascii[0x0a] = 0
    if (isNegated && further.length > 0) throw invalid('only characters of ASCII can be excluded')
    if (isNegated) return others(ascii)
    return further.length === 0 ? { type: 'bytes', set: ascii } : choice([{ type: 'bytes', set: ascii }, ...further])
  }

  #member(ascii: ByteSet, further: Node[]): void {
    const first = this.#take()
    const escaped = first === '\\' ? this.#take() : null
    const known = escaped === null ? undefined : classes[escaped]
    if (known !== undefined) {
      for (const [from, to] of known) ascii.fill(1, from, to + 1)
      return
    }
    const from = escaped === null ? first : escaped === 'b' ? '\b' : this.#escaped(escaped)
    const isRange = this.#peek() === '-' && (this.#characters[this.#at + 1] ?? ']') !== ']'
    if (!isRange) {
      this.#add(from, ascii, further)
      return
    }
    this.#take()
    const end = this.#take()
    const to = end === '\\' ? this.#escaped(this.#take()) : end
    if (from > to) throw invalid(`${from}-${to} is no range`)
    if (to > '\x7f') throw invalid('ranges must be of ASCII')
    for (let code = from.charCodeAt(0); code <= to.charCodeAt(0); code += 1)
      if (code !== 0x0a) this.#add(String.fromCharCode(code), ascii, further)
  }

  #add(character: string, ascii: ByteSet, further: Node[]): void {
    const node = literal(character, this.#anyCase)
    if (node.type === 'bytes') for (let byte = 0; byte < 256; byte += 1) ascii[byte] ||= node.set[byte] ?? 0
    else if (character <= '\x7f') ascii[character.charCodeAt(0)] = 1
    else further.push(node)
  }
}
