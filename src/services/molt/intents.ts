/** What is to be paid, from the moment it is asked for until it is in the books or will never be. */

export interface Intent {
  readonly purpose: string
  /** A line is written for it, or has been: it cannot be taken back any more. */
  isSigned: boolean
  isGivenUp: boolean
}

export class Intents {
  readonly #all = new Set<Intent>()

  begin(purpose: string): Intent {
    const intent = { purpose, isSigned: false, isGivenUp: false }
    this.#all.add(intent)
    return intent
  }

  end(intent: Intent): void {
    this.#all.delete(intent)
  }

  has(purpose: string): boolean {
    return this.#of(purpose).length > 0
  }

  /** Whether no line will come of what has been asked for until now. */
  giveUp(purpose: string): boolean {
    const asked = this.#of(purpose)
    if (asked.some(({ isSigned }) => isSigned)) return false
    for (const intent of asked) intent.isGivenUp = true
    return true
  }

  #of(purpose: string): readonly Intent[] {
    return [...this.#all].filter((intent) => intent.purpose === purpose && !intent.isGivenUp)
  }
}
