/** How many may wait at once for what the log will tell. Anybody can ask, so few wait for what nobody has heard of, and few of one address. */

const most = { all: 64, strangers: 8, perAddress: 6 } as const

export interface Waiting {
  /** Nothing here says that such a host is ours. */
  readonly isStranger: boolean
  /** Where it comes from; null where that is not known. */
  readonly from: string | null
}

export class WaitingRoom {
  readonly #waiting = new Set<Waiting>()

  /** Ends the waiting; null where there is no place. */
  enter(who: Waiting): (() => void) | null {
    const { isStranger, from } = who
    const count = (is: (one: Waiting) => boolean): number => [...this.#waiting].filter(is).length
    if (this.#waiting.size >= most.all) return null
    if (isStranger && count((one) => one.isStranger) >= most.strangers) return null
    if (from !== null && count((one) => one.from === from) >= most.perAddress) return null
    const entered = { isStranger, from }
    this.#waiting.add(entered)
    return () => void this.#waiting.delete(entered)
  }
}
