/** Which followers have answered and kept up for a while: a peer that comes and goes must not become a voter. */
import type { NodeId } from '../../model/ids.ts'
import type { Millis } from '../../model/time.ts'

export interface Follower {
  readonly node: NodeId
  readonly matched: number
  /** How long ago it last answered this leader; null when it never has. */
  readonly silentFor: Millis | null
}

/** Since when each follower has been steady, by the leader's monotonic clock. Who is not steady is not in it. */
export type Steadiness = ReadonlyMap<NodeId, Millis>

export interface SteadySettings {
  /** Longest silence of a steady follower. */
  readonly answersWithin: Millis
  /** Entries that a steady follower may be behind what is committed. */
  readonly lag: number
}

export function trackSteadiness(
  before: Steadiness,
  { followers, committed }: { readonly followers: readonly Follower[]; readonly committed: number },
  elapsed: Millis,
  { answersWithin, lag }: SteadySettings,
): Steadiness {
  const steady = followers.filter(
    ({ silentFor, matched }) => silentFor !== null && silentFor <= answersWithin && committed - matched <= lag,
  )
  return new Map(steady.map(({ node }) => [node, before.get(node) ?? elapsed]))
}
