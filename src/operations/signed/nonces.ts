/** What has been used, for as long as it could be used again. */
import { ClawError } from '../../model/failure.ts'
import type { NodeId } from '../../model/ids.ts'
import type { Instant } from '../../model/time.ts'

export interface NonceLimits {
  /** Of all keys together, before those that have used much are refused. */
  readonly all: number
  /** Of one key: more than it may ask for in that time. */
  readonly ofKey: number
  /** What each key has for certain, however much others use. */
  readonly certain: number
}

const usual: NonceLimits = { all: 100_000, ofKey: 30_000, certain: 200 }

/** Who signed, and what makes it another request than any before of theirs. */
interface Nonce {
  readonly key: NodeId
  readonly nonce: string
}

interface Used {
  readonly key: NodeId
  readonly until: Instant
  readonly uses: Set<string>
}

interface Span {
  readonly now: Instant
  readonly until: Instant
}

const nothing: ReadonlySet<string> = new Set()

export class Nonces {
  /** What was used, what for, and until when it counts; oldest first. */
  readonly #used = new Map<string, Used>()
  /** How many of them are of each key. */
  readonly #counts = new Map<NodeId, number>()
  readonly #limits: NonceLimits

  constructor(limits = usual) {
    this.#limits = limits
  }

  /** What it was used for so far. */
  uses(nonce: Nonce, now: Instant): ReadonlySet<string> {
    this.#forget(now)
    return this.#used.get(idOf(nonce))?.uses ?? nothing
  }

  /** Throws RATE_LIMITED when too much would have to be remembered: nothing is forgotten early, and no key keeps another from asking. */
  use(nonce: Nonce, use: string, { now, until }: Span): void {
    this.#forget(now)
    const id = idOf(nonce)
    const used = this.#used.get(id)
    if (used !== undefined) return void used.uses.add(use)
    const { key } = nonce
    const count = this.#counts.get(key) ?? 0
    const { all, ofKey, certain } = this.#limits
    if (count >= ofKey || (count >= certain && this.#used.size >= all))
      throw new ClawError('RATE_LIMITED', { who: `The key ${key}` })
    this.#used.set(id, { key, until, uses: new Set([use]) })
    this.#counts.set(key, count + 1)
  }

  /** Those that were used first end first, give or take the skew of clocks: what ends a little later is kept a little longer. */
  #forget(now: Instant): void {
    for (const [id, { key, until }] of this.#used) {
      if (until >= now) return
      this.#used.delete(id)
      const count = (this.#counts.get(key) ?? 1) - 1
      if (count === 0) this.#counts.delete(key)
      else this.#counts.set(key, count)
    }
  }
}

const idOf = ({ key, nonce }: Nonce): string => `${key} ${nonce}`
