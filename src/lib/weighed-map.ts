/** A map that knows how long its values are when they are written as JSON, in all and by whom they belong to. Values are never changed in place. */

/** Of what does not change there is nothing to be found out twice. */
const known = new WeakMap<object, number>()

/** Characters of the value as JSON. Parts that a value shares with the one before it are not looked at again. */
export function weigh(value: object): number {
  const before = known.get(value)
  if (before !== undefined) return before
  const weight = Array.isArray(value) ? written(value) : sumOf(value)
  known.set(value, weight)
  return weight
}

/** As long as `written` would find it, so that it does not matter what was looked at before. */
function sumOf(value: object): number {
  let sum = 1
  for (const [key, part] of Object.entries(value) as [string, unknown][]) {
    if (part === undefined) continue
    sum += written(key) + 2 + (typeof part === 'object' && part !== null ? weigh(part) : written(part))
  }
  return Math.max(2, sum)
}

const written = (value: unknown): number => JSON.stringify(value).length

export class WeighedMap<Key, Value extends object> extends Map<Key, Value> {
  readonly #ownerOf: (value: Value) => string | null
  readonly #weights = new Map<string | null, number>()
  #whole = 0

  /** `ownerOf` says whom a value belongs to; null for all together. */
  constructor(ownerOf: (value: Value) => string | null, entries: Iterable<readonly [Key, Value]> = []) {
    super()
    this.#ownerOf = ownerOf
    for (const [key, value] of entries) this.set(key, value)
  }

  /** Of everything in it. */
  get weight(): number {
    return this.#whole
  }

  weightOf(owner: string): number {
    return this.#weights.get(owner) ?? 0
  }

  override set(key: Key, value: Value): this {
    this.#take(key)
    this.#add(value, weigh(value))
    return super.set(key, value)
  }

  override delete(key: Key): boolean {
    this.#take(key)
    return super.delete(key)
  }

  override clear(): void {
    this.#weights.clear()
    this.#whole = 0
    super.clear()
  }

  #take(key: Key): void {
    const before = this.get(key)
    if (before !== undefined) this.#add(before, -weigh(before))
  }

  #add(value: Value, weight: number): void {
    const owner = this.#ownerOf(value)
    const sum = (this.#weights.get(owner) ?? 0) + weight
    if (sum === 0) this.#weights.delete(owner)
    else this.#weights.set(owner, sum)
    this.#whole += weight
  }
}
