/** Attacks on the market and its records, and the guard against each. */
export interface Guard {
  readonly attack: string
  /** Where it stands. */
  readonly file: string
  /** The code of it, which stands there exactly once. */
  readonly guard: string
  /** What the code is without it. */
  readonly without: string
  /** Files and folders of tests, of which some have to fail then. */
  readonly tests: readonly string[]
}
