/** What has been used, for as long as it could be used again. */
import { ClawError } from '../../model/failure.ts'
import type { Instant } from '../../model/time.ts'

/** More than all operators together may ask for in that time at one peer. */
const most = 100_000

interface Used {
  readonly until: Instant
  readonly uses: Set<string>
}

interface Span {
  readonly now: Instant
  readonly until: Instant
}

export class Nonces {
  /** What was used, what for, and until when it counts; oldest first. */
  readonly #used = new Map<string, Used>()
  readonly #most: number

  constructor(limit = most) {
    this.#most = limit
  }

  /** What it was used for so far. */
  uses(nonce: string, now: Instant): ReadonlySet<string> {
    this.#forget(now)
    return this.#used.get(nonce)?.uses ?? new Set()
  }

  /** Throws RATE_LIMITED when too much would have to be remembered: nothing is forgotten early. */
  use(nonce: string, use: string, { now, until }: Span): void {
    this.#forget(now)
    const used = this.#used.get(nonce)
    if (used !== undefined) return void used.uses.add(use)
    if (this.#used.size >= this.#most) throw new ClawError('RATE_LIMITED', { who: 'Everybody who signs requests' })
    this.#used.set(nonce, { until, uses: new Set([use]) })
  }

  /** Those that were used first end first, give or take the skew of clocks: what ends a little later is kept a little longer. */
  #forget(now: Instant): void {
    for (const [nonce, { until }] of this.#used) {
      if (until >= now) return
      this.#used.delete(nonce)
    }
  }
}
