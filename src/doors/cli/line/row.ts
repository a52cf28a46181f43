/** One line of the registry: where a command is, before it is loaded. */

export interface Row {
  /** One word, a noun and a verb, or a noun, what of it, and a verb. */
  readonly path: string
  readonly about: string
  /** Other spellings, which the help does not show. */
  readonly aliases?: readonly string[]
  readonly hidden?: true
  readonly load: () => Promise<{ readonly default: unknown }>
}

export const pathsOf = ({ path, aliases = [] }: Row): readonly string[] => [path, ...aliases]
