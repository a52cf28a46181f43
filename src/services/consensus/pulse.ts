/** The beat of a peer: ticks at a steady pace, and notes how late they come. */
import type { Millis } from '../../model/time.ts'
import type { Cancel, Clock } from '../../ports/clock.ts'

/** One delay counts up to this: a process that was stopped for a minute is not a slow one. */
const longest: Millis = 2_000
/** Weight of the newest delay. */
const weight = 0.1

export class Pulse {
  readonly #clock: Clock
  readonly #every: Millis
  readonly #beat: () => void
  #due: Millis = 0
  #lateness: Millis = 0
  #cancel: Cancel = () => {}

  constructor(clock: Clock, every: Millis, beat: () => void) {
    this.#clock = clock
    this.#every = every
    this.#beat = beat
  }

  /** How late ticks come on average, of late. */
  get lateness(): Millis {
    return this.#lateness
  }

  start(): void {
    this.#due = this.#clock.elapsed() + this.#every
    this.#cancel = this.#clock.after(this.#every, () => this.#tick())
  }

  stop(): void {
    this.#cancel()
  }

  #tick(): void {
    const late = Math.min(longest, Math.max(0, this.#clock.elapsed() - this.#due))
    this.#lateness += weight * (late - this.#lateness)
    this.start()
    this.#beat()
  }
}
