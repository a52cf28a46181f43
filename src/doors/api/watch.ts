/** Looks after WebSockets, on which nothing may be asked for a while: one whose credential counts no more is closed within seconds. What goes on there is looked after where it runs (`operations/vigil.ts`). */
import { type ClawError, isClawError } from '../../model/failure.ts'
import type { Shown } from './identities.ts'

const pause = 1_000

interface Held {
  readonly shown: Pick<Shown, 'current'>
  end(reason: ClawError): void
}

export class Watch {
  readonly #held = new Set<Held>()
  #timer: NodeJS.Timeout | null = null

  /** `end` is called once, if it comes to that. Returns how to be done with it. */
  hold(shown: Pick<Shown, 'current'>, end: (reason: ClawError) => void): () => void {
    const held = { shown, end }
    this.#held.add(held)
    this.#timer ??= setInterval(() => this.#look(), pause).unref()
    return () => this.#release(held)
  }

  #look(): void {
    for (const held of [...this.#held])
      try {
        held.shown.current()
      } catch (error) {
        if (!isClawError(error)) throw error
        this.#release(held)
        held.end(error)
      }
  }

  #release(held: Held): void {
    this.#held.delete(held)
    if (this.#held.size > 0 || this.#timer === null) return
    clearInterval(this.#timer)
    this.#timer = null
  }
}
