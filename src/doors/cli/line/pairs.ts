/** `KEY=VALUE` words as a record. */
import { ClawError } from '../../../model/failure.ts'

/** Throws INVALID_REQUEST for a word without a key and an equals sign. */
export const pairsOf = (words: readonly string[], what: string): Record<string, string> =>
  Object.fromEntries(
    words.map((word) => {
      const cut = word.indexOf('=')
      if (cut < 1) throw new ClawError('INVALID_REQUEST', { problem: `${what} ${word} is not KEY=VALUE` })
      return [word.slice(0, cut), word.slice(cut + 1)]
    }),
  )
