/** Tells of what nobody expected: the first at once, and then no more than the number. Whoever asks must not be able to fill the log. */
import type { Millis } from '../../model/time.ts'
import { second } from '../../model/time.ts'
import type { Cancel, Clock } from '../../ports/clock.ts'
import type { Log } from '../../ports/log.ts'

export interface FailureLogDeps {
  readonly clock: Pick<Clock, 'after'>
  readonly log: Log
}

/** No more than the number of them is told after so long. */
const quietFor: Millis = 10 * second

export class FailureLog {
  readonly #deps: FailureLogDeps
  readonly #message: string
  /** Failures that were not told one by one; null when the next is told. */
  #untold: number | null = null
  #speak: Cancel = () => {}

  constructor(deps: FailureLogDeps, message: string) {
    this.#deps = deps
    this.#message = message
  }

  add(error: unknown): void {
    const { log, clock } = this.#deps
    if (this.#untold !== null) {
      this.#untold += 1
      return
    }
    log.error(this.#message, { error })
    this.#untold = 0
    this.#speak = clock.after(quietFor, () => {
      if (this.#untold !== null && this.#untold > 0) log.error('more of them failed', { count: this.#untold })
      this.#untold = null
    })
  }

  stop(): void {
    this.#speak()
  }
}
