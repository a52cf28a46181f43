/** Whom a node tells the mesh that it does not reach by itself, so that a third passes on what the two send each other. */
import type { NodeId } from '../../model/ids.ts'
import type { Instant } from '../../model/time.ts'
import type { Search, Seen } from './search.ts'
import { isFresh } from './search.ts'

/** How it goes with one neighbour. */
export interface Attempt {
  readonly node: NodeId
  readonly candidates: readonly string[]
  readonly search: Search
  readonly seen: Seen | undefined
}

/**
 * One that was looked for at each place where it may be, in vain. It is looked for further on, and goes from here once keys were agreed on
 * with it. A node that nobody answers has lost its own way out, and says nothing of others.
 */
export function detoursOf(before: readonly NodeId[], attempts: readonly Attempt[], at: Instant): readonly NodeId[] {
  const answers = ({ seen }: Attempt): boolean => seen !== undefined && isFresh(seen, at)
  const isOnline = attempts.some(answers)
  return attempts
    .filter((one) => !answers(one) && (before.includes(one.node) || (isOnline && isTriedInVain(one))))
    .map(({ node }) => node)
    .toSorted()
}

/** Once is not enough where there is one place only: both have to knock at the same time where routers stand between them. */
const fewestTries = 2

const isTriedInVain = ({ candidates, search }: Attempt): boolean =>
  candidates.length > 0 && search.failed >= Math.max(fewestTries, candidates.length)
