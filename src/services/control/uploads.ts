/** Takes in a file that comes in parts, one file at a time. */
import { ClawError } from '../../model/failure.ts'
import type { Millis } from '../../model/time.ts'
import { minute } from '../../model/time.ts'
import type { Cancel, Clock } from '../../ports/clock.ts'

/** What nobody goes on with is forgotten. */
const patience: Millis = 5 * minute

export class Uploads {
  readonly #clock: Clock
  readonly #largest: number
  #id = ''
  #parts: Uint8Array[] = []
  #size = 0
  #cancel: Cancel = () => {}

  constructor(clock: Clock, largest: number) {
    this.#clock = clock
    this.#largest = largest
  }

  /** Adds a part and returns how much there is. A part at 0 begins a new file. Throws INVALID_REQUEST for one that does not follow. */
  put(id: string, offset: number, part: Uint8Array): number {
    if (offset === 0) this.#begin(id)
    if (id !== this.#id || offset !== this.#size)
      throw new ClawError('INVALID_REQUEST', { problem: `the part at ${offset} does not follow; begin again at 0` })
    if (this.#size + part.length > this.#largest)
      throw new ClawError('TOO_LARGE', { what: 'The file', limit: this.#largest })
    this.#parts.push(part)
    this.#size += part.length
    this.#forgetLater()
    return this.#size
  }

  /** The whole file, which is forgotten. Throws INVALID_REQUEST when there is none of that id. */
  take(id: string): Uint8Array {
    if (id !== this.#id || this.#size === 0)
      throw new ClawError('INVALID_REQUEST', { problem: 'the file is not here (any more); send it again' })
    const whole = Buffer.concat(this.#parts)
    this.#begin('')
    return whole
  }

  #begin(id: string): void {
    this.#cancel()
    this.#id = id
    this.#parts = []
    this.#size = 0
  }

  #forgetLater(): void {
    this.#cancel()
    this.#cancel = this.#clock.after(patience, () => this.#begin(''))
  }
}
