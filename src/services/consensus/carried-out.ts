/** Who waits until what has come by now has been carried out, or is not going to be. */
export class CarriedOut {
  #next: (() => void)[] = []
  #present: (() => void)[] = []

  /** Resolves when all that has come before was carried out, and when this peer stands aside. */
  wait(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#next.push(resolve)
    return promise
  }

  /** What has come is being carried out from now on. */
  begin(): void {
    this.#present.push(...this.#next.splice(0))
  }

  end(): void {
    for (const resolve of this.#present.splice(0)) resolve()
  }

  /** Nothing of it is carried out any more. */
  giveUp(): void {
    this.begin()
    this.end()
  }
}
