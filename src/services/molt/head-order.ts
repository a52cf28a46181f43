/** Accounts in the order of their last lines, so that others can ask for those that have changed since they asked last. */
interface Place {
  readonly number: number
  readonly account: string
}

/** How many places are looked at for one answer. */
const mostLookedAt = 4_096

export class HeadOrder {
  readonly #last = new Map<string, number>()
  #places: Place[] = []
  #number = 0

  touch(account: string): void {
    this.#number += 1
    this.#places.push({ number: this.#number, account })
    this.#last.set(account, this.#number)
    if (this.#places.length > 2 * this.#last.size + mostLookedAt) this.#places = this.#places.filter(this.#isLast)
  }

  /** At most so many that had a line after this place, and the place up to which these are all. */
  after(
    number: number,
    most: number,
  ): { readonly accounts: readonly string[]; readonly after: number; readonly isAll: boolean } {
    const accounts: string[] = []
    let after = number
    let at = this.#firstAfter(number)
    for (let looked = 0; at < this.#places.length && accounts.length < most && looked < mostLookedAt; at += 1) {
      const place = this.#places[at]
      if (place === undefined) break
      if (this.#isLast(place)) accounts.push(place.account)
      after = place.number
      looked += 1
    }
    return { accounts, after, isAll: at >= this.#places.length }
  }

  readonly #isLast = ({ number, account }: Place): boolean => this.#last.get(account) === number

  #firstAfter(number: number): number {
    let [low, high] = [0, this.#places.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#places[middle]?.number ?? Infinity) > number) high = middle
      else low = middle + 1
    }
    return low
  }
}
