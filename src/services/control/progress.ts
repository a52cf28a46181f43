/** Waits until this peer has applied the log up to an index. */
import { abortable } from '../../lib/abortable.ts'
import type { Millis } from '../../model/time.ts'
import type { Cancel, Clock } from '../../ports/clock.ts'

interface Waiter {
  readonly index: number
  readonly resolve: () => void
}

/** Entries of consensus itself raise the applied index without a word to the machine, so waiting also looks by itself. */
const lookEvery: Millis = 20

export class Progress {
  readonly #clock: Clock
  readonly #applied: () => number
  #waiters: readonly Waiter[] = []
  #next: Cancel | null = null

  constructor(clock: Clock, applied: () => number) {
    this.#clock = clock
    this.#applied = applied
  }

  /** Rejects with the signal's reason. */
  async reached(index: number, signal: AbortSignal): Promise<void> {
    if (this.#applied() >= index) return
    const { promise, resolve } = Promise.withResolvers<void>()
    const waiter = { index, resolve }
    this.#waiters = [...this.#waiters, waiter]
    this.#lookLater()
    try {
      await abortable(promise, signal)
    } finally {
      this.#waiters = this.#waiters.filter((other) => other !== waiter)
      if (this.#waiters.length === 0) this.#stopLooking()
    }
  }

  /** To be called whenever something was applied. */
  look(): void {
    if (this.#waiters.length === 0) return
    const applied = this.#applied()
    for (const { resolve } of this.#waiters.filter(({ index }) => index <= applied)) resolve()
    this.#waiters = this.#waiters.filter(({ index }) => index > applied)
    if (this.#waiters.length === 0) this.#stopLooking()
  }

  #lookLater(): void {
    this.#next ??= this.#clock.after(lookEvery, () => {
      this.#next = null
      this.look()
      if (this.#waiters.length > 0) this.#lookLater()
    })
  }

  #stopLooking(): void {
    this.#next?.()
    this.#next = null
  }
}
