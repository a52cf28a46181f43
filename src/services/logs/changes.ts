/** A thing that changes, for those who wait until it does. */
import type { Millis } from '../../model/time.ts'
import type { Clock } from '../../ports/clock.ts'

export class Changes {
  readonly #clock: Pick<Clock, 'after'>
  readonly #waiting = new Set<() => void>()
  /** Rises with every change: whoever has seen this one need not wait for it. */
  version = 0

  constructor(clock: Pick<Clock, 'after'>) {
    this.#clock = clock
  }

  tell(): void {
    this.version += 1
    for (const wake of [...this.#waiting]) wake()
  }

  /** Returns once there is a change after the version that was seen, or after a while. Throws the signal's reason. */
  async since(seen: number, patience: Millis, signal: AbortSignal): Promise<void> {
    if (this.version === seen) await this.#wait(patience, signal, true)
    signal.throwIfAborted()
  }

  /** Waits a while, whatever changes; not longer than the signal allows. */
  pause(span: Millis, signal: AbortSignal): Promise<void> {
    return this.#wait(span, signal, false)
  }

  #wait(patience: Millis, signal: AbortSignal, isWoken: boolean): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        cancel()
        this.#waiting.delete(done)
        signal.removeEventListener('abort', done)
        resolve()
      }
      const cancel = this.#clock.after(patience, done)
      if (isWoken) this.#waiting.add(done)
      signal.addEventListener('abort', done)
      if (signal.aborted) done()
    })
  }
}
