/** Choices that a seed makes. */
import type { Random } from '../../../src/ports/random.ts'

export interface Dice {
  readonly next: () => number
  /** Is it so, with this chance? */
  readonly chance: (share: number) => boolean
  readonly between: (from: number, to: number) => number
  readonly pick: <T>(of: readonly T[]) => T
}

export function diceOf(random: Pick<Random, 'next'>): Dice {
  const next = (): number => random.next()
  return {
    next,
    chance: (share) => next() < share,
    between: (from, to) => from + next() * (to - from),
    pick<T>(of: readonly T[]): T {
      const chosen = of[Math.floor(next() * of.length)]
      if (chosen === undefined) throw new Error('there is nothing to choose from')
      return chosen
    },
  }
}
