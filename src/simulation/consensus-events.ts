/** A queue of things to do in virtual time, synchronous because the core is: thousands of runs a minute need that. */
import type { Millis } from '../model/time.ts'

interface Event {
  readonly at: Millis
  readonly order: number
  readonly run: () => void
}

const before = (a: Event, b: Event): boolean => a.at < b.at || (a.at === b.at && a.order < b.order)

export class Events {
  now: Millis = 0
  /** Binary heap by (at, order). */
  readonly #heap: Event[] = []
  #order = 0

  after(wait: Millis, run: () => void): void {
    const event = { at: this.now + wait, order: this.#order++, run }
    const heap = this.#heap
    let i = heap.push(event) - 1
    for (let up = (i - 1) >> 1; i > 0; up = (i - 1) >> 1) {
      const parent = heap[up]
      if (parent === undefined || !before(event, parent)) break
      heap[i] = parent
      i = up
    }
    heap[i] = event
  }

  /** Plays everything due up to then, or until `done`. */
  playUntil(end: Millis, done: () => boolean = () => false): void {
    for (let event = this.#heap[0]; event !== undefined && event.at <= end; event = this.#heap[0]) {
      if (done()) return
      this.#pop()
      this.now = event.at
      event.run()
    }
    if (!done()) this.now = end
  }

  #pop(): void {
    const heap = this.#heap
    const last = heap.pop()
    if (last === undefined || heap.length === 0) return
    let i = 0
    for (let child = heap[1]; child !== undefined; child = heap[2 * i + 1]) {
      const right = heap[2 * i + 2]
      const at = right !== undefined && before(right, child) ? 2 * i + 2 : 2 * i + 1
      const smaller = at === 2 * i + 2 && right !== undefined ? right : child
      if (!before(smaller, last)) break
      heap[i] = smaller
      i = at
    }
    heap[i] = last
  }
}
