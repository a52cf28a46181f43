/** A network that loses, repeats, delays and reorders messages, and can be cut in any direction. */
import type { NodeId } from '../model/ids.ts'
import type { Millis } from '../model/time.ts'
import type { Random } from '../ports/random.ts'
import type { Events } from './consensus-events.ts'

export class FaultyNetwork {
  readonly #events: Events
  readonly #random: Random
  readonly #cut = new Set<string>()
  loss = 0
  duplication = 0
  /** Most that a message is late; order is kept only by chance. */
  delay: Millis = 5

  constructor(events: Events, random: Random) {
    this.#events = events
    this.#random = random
  }

  /** From then on nothing goes from one to the other; the other way is cut separately. */
  cut(from: NodeId, to: NodeId): void {
    this.#cut.add(`${from}>${to}`)
  }

  heal(): void {
    this.#cut.clear()
  }

  connects(from: NodeId, to: NodeId): boolean {
    return !this.#cut.has(`${from}>${to}`)
  }

  carry(from: NodeId, to: NodeId, deliver: () => void): void {
    const copies = this.#random.next() < this.duplication ? 2 : 1
    for (let copy = 0; copy < copies; copy += 1) {
      if (this.#random.next() < this.loss) continue
      const stray = this.#random.next() < 0.02 ? 20 : 1
      this.#events.after(0.5 + this.#random.next() * this.delay * stray, () => {
        if (this.connects(from, to)) deliver()
      })
    }
  }
}
