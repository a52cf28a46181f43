/**
 * Memory that follows from a seed, lane by lane, and walks through it. A lane is cheap to have and dear to make: each of its words comes from words all over
 * it, so whoever does not keep it has to make it anew for every step that leads there. All numbers are unsigned, of 32 bits. `config/probe/claw-probe.c` does the same.
 */

/** Words of a lane: 4 MiB. */
export const laneWords = 1_048_576
export const laneMib = 4

/** Eight words. */
export type Seed = Uint32Array

/** Of 64 hex digits: eight words, the first digits of each count most. */
export const seedFrom = (hex: string): Seed =>
  Uint32Array.from({ length: 8 }, (_, i) => Number.parseInt(hex.slice(8 * i, 8 * i + 8), 16))

/** MurmurHash3's finalizer: all bits depend on all bits. */
function mix(value: number): number {
  let x = value
  x ^= x >>> 16
  x = Math.imul(x, 0x85ebca6b)
  x ^= x >>> 13
  x = Math.imul(x, 0xc2b2ae35)
  return (x ^ (x >>> 16)) >>> 0
}

const golden = 0x9e3779b9
/** Steps between two pauses, in which others have their turn. */
const slice = 65_536

/** The lane of that number. Yields now and then, so that whoever makes it can do something else meanwhile. */
export function* lane(seed: Seed, number: number): Generator<undefined, Uint32Array> {
  const words = new Uint32Array(laneWords)
  let a = mix((seedWord(seed, 0) ^ Math.imul(number, golden)) >>> 0)
  for (let i = 0; i < laneWords; i += 1) {
    a = mix((a + seedWord(seed, i & 7) + Math.imul(i, golden)) >>> 0)
    words[i] = a
    if (i % slice === slice - 1) yield undefined
  }
  for (let i = 0; i < laneWords; i += 1) {
    a = mix((a ^ (words[a & (laneWords - 1)] ?? 0) ^ i) >>> 0)
    words[i] = ((words[i] ?? 0) ^ a) >>> 0
    if (i % slice === slice - 1) yield undefined
  }
  return words
}

const seedWord = (seed: Seed, i: number): number => seed[i] ?? 0

/** One step of a walk: where it leads from there. */
export interface Step {
  readonly lane: number
  readonly word: number
}

/** A walk from lane to lane: each word that is met says where to go next. */
export class Walk {
  readonly #lanes: number
  readonly #state: Uint32Array
  #steps = 0

  constructor(seed: Seed, lanes: number) {
    this.#lanes = lanes
    this.#state = Uint32Array.from(seed)
  }

  /** Where the next word is to be read. */
  get next(): Step {
    const a = mix((seedWord(this.#state, this.#steps & 7) + Math.imul(this.#steps, golden)) >>> 0)
    return { lane: Math.floor((a / 4_294_967_296) * this.#lanes), word: mix((a ^ golden) >>> 0) & (laneWords - 1) }
  }

  /** The word that was read there. */
  take(word: number): void {
    const [at, after] = [this.#steps & 7, (this.#steps + 1) & 7]
    const met = mix((seedWord(this.#state, at) ^ word) >>> 0)
    this.#state[at] = met
    this.#state[after] = (seedWord(this.#state, after) + met) >>> 0
    this.#steps += 1
  }

  /** All words that were met, in 64 hex digits. */
  get answer(): string {
    return Array.from(this.#state, (word, i) =>
      mix((word + i) >>> 0)
        .toString(16)
        .padStart(8, '0'),
    ).join('')
  }
}
