/** What this node has answered to invocations that carry a key, so that one that is repeated is not carried out again. */
import { isTooDeep } from '../lib/nesting.ts'
import { sha256 } from '../lib/sha256.ts'
import { ClawError, failureBody, isClawError } from '../model/failure.ts'
import type { Instant, Millis } from '../model/time.ts'
import { minute } from '../model/time.ts'
import type { Clock } from '../ports/clock.ts'

export interface ReplyLimits {
  readonly entries: number
  /** Of everything that is kept together: requests while they are carried out, then what they were answered. */
  readonly bytes: number
  readonly age: Millis
}

const usual: ReplyLimits = { entries: 1_000, bytes: 16 * 1_048_576, age: 10 * minute }

/** What an entry takes beside its reply: the key, the digest, and what holds them. */
const overhead = 512

interface Entry {
  /** Digest of what was asked for: enough to know it again. */
  readonly asked: string
  readonly reply: Promise<unknown>
  readonly at: Instant
  readonly isMade: boolean
  readonly bytes: number
}

export interface Once {
  readonly work: () => Promise<unknown>
  /** Of a failure: whether a repetition is to fail alike, and not to try again. */
  readonly isFinal: (error: unknown) => boolean
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

  /** What is kept takes so much. */
  get bytes(): number {
    return this.#entries.values().reduce((sum, entry) => sum + entry.bytes, 0)
  }

  /**
   * The reply of the first invocation with this key: the one that was made, or the one that is being made. Throws INVALID_REQUEST when that one
   * asked for something else, and RATE_LIMITED when too many, or too large ones, are being made.
   */
  once(key: string, asked: string, { work, isFinal }: Once): Promise<unknown> {
    this.#forgetOld()
    const digest = sha256(asked)
    const known = this.#entries.get(key)
    if (known !== undefined && known.asked !== digest)
      throw new ClawError('INVALID_REQUEST', { problem: 'its idempotencyKey was used for another invocation' })
    if (known !== undefined) return known.reply
    const bytes = overhead + Buffer.byteLength(asked)
    this.#makeRoom(bytes)
    const entry: Entry = { asked: digest, reply: work(), at: this.#clock.elapsed(), isMade: false, bytes }
    this.#entries.set(key, entry)
    entry.reply.then(
      (reply) => this.#settle(key, entry, sizeOf(reply)),
      (error: unknown) => {
        const body = isClawError(error) ? failureBody(error) : String(error)
        this.#settle(key, entry, isFinal(error) ? sizeOf(body) : null)
      },
    )
    return entry.reply
  }

  /** Keeps what takes so much, and forgets what is nothing to keep. */
  #settle(key: string, entry: Entry, size: number | null): void {
    if (this.#entries.get(key) !== entry) return
    if (size === null) this.#entries.delete(key)
    else this.#entries.set(key, { ...entry, isMade: true, bytes: overhead + size })
    this.#forgetOld()
  }

  /** What is being made cannot be forgotten. */
  #makeRoom(bytes: number): void {
    const { entries, bytes: most } = this.#limits
    const open = [...this.#entries.values()].filter(({ isMade }) => !isMade)
    const taken = open.reduce((sum, entry) => sum + entry.bytes, 0)
    if (open.length >= entries || taken + bytes > most) throw new ClawError('RATE_LIMITED', { who: 'This mesh' })
    this.#forgetOld(bytes)
  }

  /** Until there is room for one more, of so many bytes. */
  #forgetOld(room = 0): void {
    const { entries, bytes, age } = this.#limits
    const oldest = this.#clock.elapsed() - age
    let total = this.bytes + room
    let count = this.#entries.size
    for (const [key, entry] of this.#entries) {
      if (!entry.isMade) continue
      if (entry.at > oldest && total <= bytes && count < entries) return
      this.#entries.delete(key)
      total -= entry.bytes
      count -= 1
    }
  }
}

/** Null for what is nested so deep that it cannot be measured: nobody waits here who could be told. */
const sizeOf = (reply: unknown): number | null =>
  isTooDeep(reply) ? null : Buffer.byteLength(JSON.stringify(reply) ?? '')
