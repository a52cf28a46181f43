/** Sets of indexes as ascending ranges that do not touch each other: small, however many there are. */
import type { IndexRange } from '../../model/job.ts'

export const covers = (ranges: readonly IndexRange[], index: number): boolean =>
  ranges.some(([first, last]) => first <= index && index <= last)

/** With one more; the same when it is in already. */
export function withIndex(ranges: readonly IndexRange[], index: number): readonly IndexRange[] {
  if (covers(ranges, index)) return ranges
  const before = ranges.filter(([, last]) => last < index - 1)
  const after = ranges.filter(([first]) => first > index + 1)
  const touching = ranges.filter(([first, last]) => last >= index - 1 && first <= index + 1)
  const joined: IndexRange = [
    Math.min(index, ...touching.map(([first]) => first)),
    Math.max(index, ...touching.map(([, last]) => last)),
  ]
  return [...before, joined, ...after]
}

/** The first so many of 0 to `count` - 1 that are neither in the ranges nor in `others`. */
export function missing(
  ranges: readonly IndexRange[],
  { count, others, most }: { readonly count: number; readonly others: ReadonlySet<number>; readonly most: number },
): readonly number[] {
  const found: number[] = []
  let place = 0
  for (let index = 0; index < count && found.length < most; index += 1) {
    while (place < ranges.length && (ranges[place]?.[1] ?? 0) < index) place += 1
    const range = ranges[place]
    if (range !== undefined && range[0] <= index) index = range[1]
    else if (!others.has(index)) found.push(index)
  }
  return found
}

/** `0-4,7`. */
export const rangesText = (ranges: readonly IndexRange[]): string =>
  ranges.map(([first, last]) => (first === last ? String(first) : `${first}-${last}`)).join(',')
