/** Whether what a daemon sees of its mesh is as new as when it began: its state starts at a snapshot, in which work that runs may be missing. */
export class Freshness {
  #isFresh = false
  #asking: Promise<void> | null = null

  get isThere(): boolean {
    return this.#isFresh
  }

  /** Asked once by all together. Throws what `ask` throws; then it is asked anew. */
  async reach(ask: () => Promise<void>): Promise<void> {
    if (this.#isFresh) return
    this.#asking ??= ask().finally(() => (this.#asking = null))
    await this.#asking
    this.#isFresh = true
  }
}
