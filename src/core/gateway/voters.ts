/**
 * Who should vote: as many members as make 1, 3 or 5, and only members that answer. One step at a time; an even number is only
 * passed through. Decided from the replicated members and the leader's own followers, never from gossip.
 */
import type { NodeId } from '../../model/ids.ts'
import type { Millis } from '../../model/time.ts'
import type { Follower } from './steadiness.ts'

export interface VoterFacts {
  /** The leader. */
  readonly self: NodeId
  readonly voters: readonly NodeId[]
  /** In the order in which they joined. */
  readonly members: readonly NodeId[]
  readonly followers: readonly Follower[]
  /** How long each follower has been steady. */
  readonly steadyFor: ReadonlyMap<NodeId, Millis>
  readonly leadingFor: Millis
}

export interface VoterSettings {
  /** How long a member must have been steady before it may vote. */
  readonly promoteAfter: Millis
  /** How long a voter must have been silent before another takes its place. */
  readonly replaceAfter: Millis
  readonly most: 1 | 3 | 5
}

export const defaultVoting: VoterSettings = { promoteAfter: 2_000, replaceAfter: 30_000, most: 5 }

export type VoterStep =
  | { readonly step: 'add'; readonly node: NodeId }
  | { readonly step: 'remove'; readonly node: NodeId }
  /** The leader itself is no member any more: another voter must lead before it can go. */
  | { readonly step: 'transfer'; readonly to: NodeId }

/** The next step, or null when nothing is to be done now. */
export function nextVoterStep(facts: VoterFacts, settings: VoterSettings): VoterStep | null {
  const seen = survey(facts, settings)
  return retire(seen, facts) ?? shape(seen, facts, settings)
}

/** Would the voters without this one still have a majority that lives? If not, taking its vote would end all decisions. */
export function canSpare(node: NodeId, voters: readonly NodeId[], isLiving: (voter: NodeId) => boolean): boolean {
  const rest = voters.filter((voter) => voter !== node)
  return rest.filter(isLiving).length > rest.length / 2
}

/** Whoever is no member must not vote; where its vote is needed for a majority still, the dead lose theirs first. */
function retire({ dead }: Survey, { self, voters, members, followers }: VoterFacts): VoterStep | null {
  const strangers = voters.filter((voter) => voter !== self && !members.includes(voter))
  const spared = strangers.find((stranger) => canSpare(stranger, voters, (voter) => !dead.includes(voter)))
  const next = spared ?? (strangers.length > 0 ? dead[0] : undefined)
  if (next !== undefined) return remove(next)
  if (members.includes(self)) return null
  const [heir] = followers
    .filter(({ node, silentFor }) => voters.includes(node) && silentFor !== null)
    .toSorted((a, b) => b.matched - a.matched)
  return heir === undefined ? null : { step: 'transfer', to: heir.node }
}

interface Survey {
  /** Voters other than the leader that have been silent for too long, the most silent first. */
  readonly dead: readonly NodeId[]
  /** Members that may vote at once, the oldest first. */
  readonly ready: readonly NodeId[]
  /** A member that does not vote yet has answered lately and may become ready. */
  readonly isSomeoneComing: boolean
  /** How many voters there should be: as many of the living as make an odd number. */
  readonly goal: number
}

function survey(facts: VoterFacts, { promoteAfter, replaceAfter, most }: VoterSettings): Survey {
  const { self, voters, members, followers, steadyFor, leadingFor } = facts
  const silence = new Map(followers.map(({ node, silentFor }) => [node, Math.min(silentFor ?? leadingFor, leadingFor)]))
  const silenceOf = (node: NodeId): Millis => (node === self ? 0 : (silence.get(node) ?? leadingFor))

  const dead = voters
    .filter((voter) => silenceOf(voter) >= replaceAfter)
    .toSorted((a, b) => silenceOf(b) - silenceOf(a))
  const others = members.filter((member) => !voters.includes(member))
  const ready = others.filter((member) => (steadyFor.get(member) ?? -1) >= promoteAfter)
  const able = Math.min(voters.length - dead.length + ready.length, most)
  return { dead, ready, isSomeoneComing: others.some((other) => steadyFor.has(other)), goal: odd(able) }
}

const odd = (count: number): number => (count % 2 === 1 ? count : Math.max(1, count - 1))

function shape(
  { dead, ready, isSomeoneComing, goal }: Survey,
  { self, voters, leadingFor }: VoterFacts,
  { replaceAfter, most }: VoterSettings,
): VoterStep | null {
  const [next] = ready
  const [gone] = dead
  // The dead one goes first: a replacement that is added before it would make one more voter necessary. Without a replacement it
  // stays when fewer than three would be left: two living voters of three are as good as two of two, and hold the log twice.
  if (gone !== undefined && (next !== undefined || (goal >= 3 && voters.length > goal))) return remove(gone)
  if (next !== undefined && voters.length < goal) return { step: 'add', node: next }

  const isPassing = voters.length % 2 === 0 && voters.length < most && isSomeoneComing
  // A new leader has not heard from everybody yet.
  if (voters.length <= goal || dead.length > 0 || isPassing || leadingFor < replaceAfter) return null
  const last = voters.findLast((voter) => voter !== self)
  return last === undefined ? null : remove(last)
}

const remove = (node: NodeId): VoterStep => ({ step: 'remove', node })
