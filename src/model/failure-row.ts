/** What a row of the catalogue of failures holds. */

export type FailureKind =
  | 'invalid'
  | 'not-found'
  | 'conflict'
  | 'refused'
  | 'unauthenticated'
  | 'unavailable'
  | 'capacity'
  | 'timeout'
  | 'internal'

export interface Failure<F> {
  readonly kind: FailureKind
  readonly sentence: (facts: F) => string
  readonly hint: string
}

export const failure = <F = Record<never, never>>(
  kind: FailureKind,
  sentence: (facts: F) => string,
  hint: string,
): Failure<F> => ({ kind, sentence: (facts) => asked(sentence(facts)), hint })

/** What ends with a question has its mark already. */
const asked = (sentence: string): string => sentence.replace(/\?\.$/, '?')

/** The sentence about what was probably meant; nothing when there is no likeness. */
export const meant = (near: string | undefined): string => (near === undefined ? '' : ` Did you mean ${near}?`)
