/** What was done already since it was last time to do all of it again: two that answer each other at once would never stop. */
const digits = (_: string, value: unknown): unknown => (typeof value === 'bigint' ? value.toString() : value)

export class Doing {
  readonly #done = new Map<string, ReadonlySet<string>>()

  /** Those that are new since the last look. */
  fresh<Duty>(key: string, duties: readonly Duty[]): readonly Duty[] {
    const texts = duties.map((duty) => JSON.stringify(duty, digits))
    const done = this.#done.get(key)
    this.#done.set(key, new Set(texts))
    return done === undefined ? duties : duties.filter((_, at) => !done.has(texts[at] ?? ''))
  }

  /** All of it is to be done again. */
  again(key: string): void {
    this.#done.delete(key)
  }
}
