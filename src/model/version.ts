/** Versions of the replicated state, which builds can read and apply, and how builds are called. See docs/decisions/0015. */

/** What one build can apply, both ends included. */
export interface VersionRange {
  readonly oldest: number
  readonly newest: number
}

/** What a build that says nothing can apply: everything that stood before versions were told apart. */
export const firstVersion: VersionRange = { oldest: 1, newest: 1 }

export const covers = ({ oldest, newest }: VersionRange, version: number): boolean =>
  oldest <= version && version <= newest

/** Is there a version that both can apply? */
export const overlap = (a: VersionRange, b: VersionRange): boolean => a.oldest <= b.newest && b.oldest <= a.newest

/** `1..2`, as a node reports it. */
export const rangeText = ({ oldest, newest }: VersionRange): string => `${oldest}..${newest}`

/** In words that follow a name: `state version 2`, `state versions 1 to 2`. */
export const rangeInWords = ({ oldest, newest }: VersionRange): string =>
  oldest === newest ? `state version ${oldest}` : `state versions ${oldest} to ${newest}`

/** The first version for a text that is none, for whoever wrote it is not known to apply more. */
export function readRange(text: string | undefined): VersionRange {
  const [, from, to] = /^(\d{1,6})\.\.(\d{1,6})$/.exec(text ?? '') ?? []
  const range = { oldest: Number(from), newest: Number(to) }
  return range.oldest >= 1 && range.oldest <= range.newest ? range : firstVersion
}

/** How it travels as two numbers; zeros, which an older build sends, are the first version. */
export const rangeOfNumbers = (oldest: number, newest: number): VersionRange =>
  oldest >= 1 && oldest <= newest ? { oldest, newest } : firstVersion

/**
 * Which of two builds is older, by the three numbers in their names: negative when `a` is. A build with words after the numbers came
 * before the one without them; which of two with words is older is not known. What a distribution adds behind a `+` says nothing.
 */
export function compareBuilds(a: string, b: string): number {
  const [left, right] = [numbersOf(a), numbersOf(b)]
  return left.map((number, i) => number - (right[i] ?? 0)).find((difference) => difference !== 0) ?? 0
}

/** The last says whether there are no words. */
function numbersOf(build: string): readonly number[] {
  const [, numbers = '', words = ''] = /^(\d{1,9}(?:\.\d{1,9}){0,2})(-[^+]*)?(?:\+.*)?$/.exec(build) ?? []
  const [major = 0, minor = 0, patch = 0] = numbers.split('.').map(Number)
  return [major, minor, patch, words === '' ? 1 : 0]
}
