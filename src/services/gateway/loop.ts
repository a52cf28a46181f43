/** Work that is done again whenever it is woken, and at least every so often; never twice at the same time. */
import { ClawError } from '../../model/failure.ts'
import type { Millis } from '../../model/time.ts'
import type { Cancel, Clock } from '../../ports/clock.ts'
import type { Log } from '../../ports/log.ts'
import type { Unsubscribe } from '../../ports/rpc.ts'

export interface LoopDeps {
  readonly clock: Clock
  readonly log: Log
}

export interface LoopSettings {
  /** Longest time between two runs. */
  readonly every: Millis
  /** Least time between two runs: what wakes it in between is done together. */
  readonly pause: Millis
}

export class Loop {
  readonly #deps: LoopDeps
  readonly #settings: LoopSettings
  readonly #run: (signal: AbortSignal) => Promise<void>
  #abort: AbortController | null = null
  #isRunning = false
  /** When it is to run next because it was woken, on the steady clock; null when it was not. */
  #due: Millis | null = null
  #timer: Cancel = () => {}
  #unsubscribe: Unsubscribe = () => {}
  #last: Promise<void> = Promise.resolve()

  constructor(deps: LoopDeps, settings: LoopSettings, run: (signal: AbortSignal) => Promise<void>) {
    this.#deps = deps
    this.#settings = settings
    this.#run = run
  }

  /** `subscribe` asks to be told of what is to wake it; that ends when it stops. */
  start(subscribe: () => Unsubscribe = () => () => {}): void {
    if (this.#abort !== null) return
    this.#unsubscribe = subscribe()
    this.#abort = new AbortController()
    this.#go(this.#abort.signal)
  }

  /** Ends the present run, and waits for it. */
  async stop(): Promise<void> {
    this.#unsubscribe()
    this.#abort?.abort(new ClawError('NO_LEADER', { detail: 'this peer leads no more' }))
    this.#abort = null
    this.#timer()
    await this.#last
  }

  /** What happens meanwhile is done together. What need not be done at once may allow more than the least time. */
  wake(within: Millis = 0): void {
    const signal = this.#abort?.signal
    const now = this.#deps.clock.elapsed()
    const due = now + Math.max(within, this.#settings.pause)
    if (signal === undefined || (this.#due !== null && this.#due <= due)) return
    this.#due = due
    if (!this.#isRunning) this.#goAfter(due - now, signal)
  }

  #goAfter(wait: Millis, signal: AbortSignal): void {
    this.#timer()
    this.#timer = this.#deps.clock.after(wait, () => this.#go(signal))
  }

  #go(signal: AbortSignal): void {
    if (signal.aborted || this.#isRunning) return
    this.#isRunning = true
    this.#due = null
    this.#timer()
    this.#last = this.#once(signal)
  }

  async #once(signal: AbortSignal): Promise<void> {
    try {
      await this.#run(signal)
    } catch (error) {
      // A bug is thrown on: whoever owns the process decides what becomes of it.
      if (!(error instanceof ClawError)) throw error
      if (!signal.aborted)
        this.#deps.log.warn('a duty of the leader failed and is tried again', { reason: error.message })
    } finally {
      this.#isRunning = false
    }
    const current = this.#abort?.signal
    if (current === undefined) return
    const { every, pause } = this.#settings
    const due = this.#due === null ? every : this.#due - this.#deps.clock.elapsed()
    this.#goAfter(current === signal ? Math.max(pause, due) : pause, current)
  }
}
