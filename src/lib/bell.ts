/** One wake-up for all that one waiter waits for. A race for each time would leave something on whatever goes on for longer. */
export class Bell {
  #hasRung = false
  #wake: () => void = () => {}

  /** Wakes who waits, or who waits next. */
  readonly ring = (): void => {
    this.#hasRung = true
    this.#wake()
  }

  async rung(): Promise<void> {
    if (!this.#hasRung) await new Promise<void>((resolve) => (this.#wake = resolve))
    this.#hasRung = false
  }
}
