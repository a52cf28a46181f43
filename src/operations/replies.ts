/** What this node has answered to invocations that carry a key, so that one that is repeated is not carried out again. */
import { ClawError } from '../model/failure.ts'
import type { Instant, Millis } from '../model/time.ts'
import { minute } from '../model/time.ts'
import type { Clock } from '../ports/clock.ts'

export interface ReplyLimits {
  readonly entries: number
  /** Of all replies together, as JSON. */
  readonly characters: number
  readonly age: Millis
}

const usual: ReplyLimits = { entries: 1_000, characters: 16 * 1_048_576, age: 10 * minute }

interface Entry {
  readonly asked: string
  readonly reply: Promise<unknown>
  readonly at: Instant
  /** Null while it is being made. */
  size: number | null
}

/** Bounded in number, size and age; the oldest go first. */
export class Replies {
  readonly #clock: Pick<Clock, 'elapsed'>
  readonly #limits: ReplyLimits
  readonly #entries = new Map<string, Entry>()

  constructor(clock: Pick<Clock, 'elapsed'>, limits: ReplyLimits = usual) {
    this.#clock = clock
    this.#limits = limits
  }

  get size(): number {
    return this.#entries.size
  }

  /**
   * The reply of the first invocation with this key: the one that was made, or the one that is being made. Throws INVALID_REQUEST when that one
   * asked for something else, and RATE_LIMITED when too many are being made. `isFinal` says of a failure whether a repetition is to
   * fail alike, and not to try again.
   */
  once(
    key: string,
    asked: string,
    { work, isFinal }: { readonly work: () => Promise<unknown>; readonly isFinal: (error: unknown) => boolean },
  ): Promise<unknown> {
    this.#forgetOld()
    const known = this.#entries.get(key)
    if (known !== undefined && known.asked !== asked)
      throw new ClawError('INVALID_REQUEST', { problem: 'its idempotencyKey was used for another invocation' })
    if (known !== undefined) return known.reply
    if (this.#entries.size >= this.#limits.entries) throw new ClawError('RATE_LIMITED', { who: 'This mesh' })
    const entry: Entry = { asked, reply: work(), at: this.#clock.elapsed(), size: null }
    this.#entries.set(key, entry)
    entry.reply.then(
      (reply) => {
        entry.size = sizeOf(reply)
        this.#forgetOld()
      },
      (error: unknown) => {
        entry.size = 0
        if (!isFinal(error) && this.#entries.get(key) === entry) this.#entries.delete(key)
      },
    )
    return entry.reply
  }

  #forgetOld(): void {
    const { entries, characters, age } = this.#limits
    const oldest = this.#clock.elapsed() - age
    let total = this.#entries.values().reduce((sum, { size }) => sum + (size ?? 0), 0)
    let count = this.#entries.size
    for (const [key, { size, at }] of this.#entries) {
      if (size === null) continue
      if (at > oldest && total <= characters && count < entries) return
      this.#entries.delete(key)
      total -= size
      count -= 1
    }
  }
}

const sizeOf = (reply: unknown): number => (reply === undefined ? 0 : JSON.stringify(reply).length)
