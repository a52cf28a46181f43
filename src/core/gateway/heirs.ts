/** Who could lead instead of this leader: voters that answer it, the one that has followed furthest first. */
import type { NodeId } from '../../model/ids.ts'
import type { Millis } from '../../model/time.ts'
import { second } from '../../model/time.ts'
import type { Follower } from './steadiness.ts'

/** A voter that was silent for longer is not counted on. */
export const answersWithin: Millis = 5 * second

interface Group {
  readonly voters: readonly NodeId[]
  readonly followers: readonly (Follower & { readonly isMute: boolean })[]
}

export const heirs = ({ voters, followers }: Group): readonly NodeId[] =>
  followers
    .filter(
      ({ node, silentFor, isMute }) => !isMute && voters.includes(node) && (silentFor ?? Infinity) < answersWithin,
    )
    .toSorted((a, b) => b.matched - a.matched || (a.silentFor ?? 0) - (b.silentFor ?? 0))
    .map(({ node }) => node)
