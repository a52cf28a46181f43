/** Waiting for the replicated state to change, without ever missing a change and without keeping a queue. */
import type { Millis } from '../model/time.ts'
import type { Clock } from '../ports/clock.ts'
import type { Control } from '../services/control/types.ts'

/**
 * Rings with every change of the state. A reader looks at the state, then waits for the bell, then looks again: what changed while it
 * was looking rings at once. The state itself is the buffer, so a slow reader costs nothing.
 */
export class Bell {
  #rung = false
  #wake: () => void = () => {}
  readonly #unsubscribe: () => void
  readonly #signal: AbortSignal
  readonly #onAbort = (): void => {
    this.#wake()
  }

  constructor(control: Control, signal: AbortSignal) {
    this.#signal = signal
    this.#unsubscribe = control.onChange(() => {
      this.#rung = true
      this.#wake()
    })
    signal.addEventListener('abort', this.#onAbort, { once: true })
  }

  /** Returns after the next change, after `limit`, or when the signal ends, whichever is first. */
  async wait(clock: Clock, limit: Millis | null = null): Promise<void> {
    if (!this.#rung && !this.#signal.aborted) {
      await new Promise<void>((resolve) => {
        const cancel = limit === null ? () => {} : clock.after(limit, resolve)
        this.#wake = () => {
          cancel()
          resolve()
        }
      })
    }
    this.#rung = false
    this.#wake = () => {}
  }

  close(): void {
    this.#unsubscribe()
    this.#signal.removeEventListener('abort', this.#onAbort)
  }
}
