/**
 * A map that keeps the last so many entries. What was set first goes first; setting a key again changes its value and not its turn.
 * Asking a map for its first key walks past everything that was deleted before it, so the place is kept.
 */
export class Recent<Key, Value> extends Map<Key, Value> {
  readonly #most: number
  readonly #oldest: MapIterator<Key>

  constructor(most: number, entries: Iterable<readonly [Key, Value]> = []) {
    super()
    this.#most = most
    this.#oldest = this.keys()
    for (const [key, value] of entries) this.keep(key, value)
  }

  /** Sets it, and forgets the oldest when there are too many. */
  keep(key: Key, value: Value): void {
    this.set(key, value)
    if (this.size <= this.#most) return
    const { value: oldest, done } = this.#oldest.next()
    if (done !== true) this.delete(oldest)
  }
}
