/** Work that is done one after the other, in the order in which it was asked for. What fails holds up nothing else. */
export class InTurn {
  #last: Promise<unknown> = Promise.resolve()

  do<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(work)
    this.#last = done.catch(() => 'whoever has asked hears of it')
    return done
  }
}
