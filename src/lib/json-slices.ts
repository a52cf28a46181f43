/** A large JSON object, written and read a slice at a time. What lists hold is never split: an item is as long as a slice can become. */
import type { Slices } from './slices.ts'

/** How much is done at once, whichever comes first: characters or bytes, and items of lists. */
export interface SliceSize {
  readonly length: number
  readonly items: number
}

export const usualSlice: SliceSize = { length: 64 * 1_024, items: 256 }

/** How deep objects are cut into their fields. */
const deepest = 2

/** The same bytes as those of `JSON.stringify`. The value must not change until the last of them is written. */
export function* writeJson(value: object, { length, items }: SliceSize = usualSlice): Slices<Uint8Array> {
  const encoder = new TextEncoder()
  let [text, count] = ['', 0]
  for (const piece of piecesOf(value, deepest)) {
    text += piece
    count += 1
    if (text.length < length && count < items) continue
    yield encoder.encode(text)
    text = ''
    count = 0
  }
  if (text !== '') yield encoder.encode(text)
}

function* piecesOf(value: unknown, deep: number): Generator<string> {
  if (deep === 0 || typeof value !== 'object' || value === null) yield JSON.stringify(value)
  else if (Array.isArray(value)) yield* itemsOf(value)
  else yield* fieldsOf(value, deep)
}

function* itemsOf(list: readonly unknown[]): Generator<string> {
  if (list.length === 0) yield '[]'
  for (const [i, item] of list.entries())
    yield `${i === 0 ? '[' : ','}${JSON.stringify(item)}${i === list.length - 1 ? ']' : ''}`
}

function* fieldsOf(value: object, deep: number): Generator<string> {
  let before = '{'
  for (const [name, field] of Object.entries(value)) {
    if (field === undefined) continue
    yield `${before}${JSON.stringify(name)}:`
    yield* piecesOf(field, deep - 1)
    before = ','
  }
  yield before === '{' ? '{}' : '}'
}

/** What of an object is read in parts; paths have dots between names. */
export interface Plan {
  /** Lists, each with what is to become of items that were read. It may throw. */
  readonly lists: ReadonlyMap<string, (items: readonly unknown[]) => void>
  /** Objects of which single fields may be such lists. */
  readonly opened: ReadonlySet<string>
}

/** The object, as `JSON.stringify` writes it. Throws RangeError and SyntaxError for what is none, and what `lists` throw. */
export function* readJson(bytes: Uint8Array, plan: Plan, size: SliceSize = usualSlice): Slices<void, object> {
  const text = new Text(bytes)
  const object = yield* readFields(text, '', { plan, size })
  text.end()
  return object
}

interface How {
  readonly plan: Plan
  readonly size: SliceSize
}

function* readFields(text: Text, path: string, how: How): Slices<void, object> {
  const fields = new Map<string, unknown>()
  text.expect('{')
  for (let more = !text.passes('}'); more; more = text.next('}')) {
    const name = text.value()
    if (typeof name !== 'string' || fields.has(name))
      throw new RangeError(`a field of ${path || 'the object'} is no new one`)
    text.expect(':')
    fields.set(name, yield* readField(text, path === '' ? name : `${path}.${name}`, how))
  }
  return Object.fromEntries(fields)
}

function* readField(text: Text, path: string, how: How): Slices<void, unknown> {
  const taken = how.plan.lists.get(path)
  if (taken !== undefined && text.passes('[')) return yield* readItems(text, taken, how.size)
  if (how.plan.opened.has(path) && text.isAt('{')) return yield* readFields(text, path, how)
  return text.value()
}

function* readItems(text: Text, taken: (items: readonly unknown[]) => void, size: SliceSize): Slices<void, unknown[]> {
  const all: unknown[] = []
  for (let more = !text.passes(']'); more; more = text.next(']')) {
    const items = text.values(size)
    taken(items)
    for (const item of items) all.push(item)
    yield
  }
  return all
}

const code = (char: string): number => char.charCodeAt(0)
const quote = code('"')
const backslash = code('\\')
const comma = code(',')
const colon = code(':')
const isOpening = (byte: number): boolean => byte === 0x7b || byte === 0x5b
const isClosing = (byte: number): boolean => byte === 0x7d || byte === 0x5d

class Text {
  readonly #bytes: Uint8Array
  readonly #decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  isAt(char: string): boolean {
    return this.#bytes[this.#at] === code(char)
  }

  passes(char: string): boolean {
    const isThere = this.isAt(char)
    if (isThere) this.#at += 1
    return isThere
  }

  expect(char: string): void {
    if (!this.passes(char)) throw new RangeError(`there is no ${char} at ${this.#at}`)
  }

  /** Whether another one follows; if not, it is the end that is there. */
  next(end: string): boolean {
    if (this.passes(',')) return true
    this.expect(end)
    return false
  }

  end(): void {
    if (this.#at !== this.#bytes.length) throw new RangeError(`there is more after the end, at ${this.#at}`)
  }

  value(): unknown {
    const from = this.#at
    this.#pass()
    return JSON.parse(this.#decoder.decode(this.#bytes.subarray(from, this.#at)))
  }

  /** At least one value of a list, and as many of those after it as a slice takes. */
  values({ length, items }: SliceSize): unknown[] {
    const from = this.#at
    this.#pass()
    for (let count = 1; count < items && this.#at - from < length && this.#bytes[this.#at] === comma; count += 1) {
      this.#at += 1
      this.#pass()
    }
    return JSON.parse(`[${this.#decoder.decode(this.#bytes.subarray(from, this.#at))}]`) as unknown[]
  }

  /** Goes to the end of the value that begins here, without a look at whether it makes sense. */
  #pass(): void {
    const bytes = this.#bytes
    let depth = 0
    for (; this.#at < bytes.length; this.#at += 1) {
      const byte = bytes[this.#at] ?? 0
      if (byte === quote) this.#passString()
      else if (isOpening(byte)) depth += 1
      else if (isClosing(byte) && depth > 0) depth -= 1
      else if (depth === 0 && (byte === comma || byte === colon || isClosing(byte))) return
    }
  }

  /** To the quote at the end. */
  #passString(): void {
    const bytes = this.#bytes
    this.#at += 1
    while (this.#at < bytes.length && bytes[this.#at] !== quote) this.#at += bytes[this.#at] === backslash ? 2 : 1
  }
}
