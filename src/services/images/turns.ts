/** One after the other: those who want the same image wait for the first to bring it. */
import { abortable } from '../../lib/abortable.ts'

export class Turns {
  readonly #last = new Map<string, Promise<void>>()

  isTaken(key: string): boolean {
    return this.#last.has(key)
  }

  /** Throws the signal's reason when it is aborted while others have their turn. */
  async run<T>(key: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(key) ?? Promise.resolve()
    const { promise: mine, resolve: done } = Promise.withResolvers<void>()
    // Who gives up while waiting must not let the next one begin before its time.
    const over: Promise<void> = before
      .then(() => mine)
      .then(() => {
        if (this.#last.get(key) === over) this.#last.delete(key)
      })
    this.#last.set(key, over)
    try {
      await abortable(before, signal)
      return await work()
    } finally {
      done()
    }
  }
}
