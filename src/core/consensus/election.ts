/** Who leads: asking around first (PreVote), standing for election, voting, winning. */
import type { NodeId } from '../../model/ids.ts'
import { jitter } from './jitter.ts'
import { newProgress } from './progress.ts'
import { appendOwn, follow, hasLiveLeader, mayStand, rearm, send } from './raft.ts'
import type { Raft } from './raft.ts'
import type { Message } from '../../model/raft.ts'

type PreVote = Extract<Message, { type: 'pre-vote' }>
type Vote = Extract<Message, { type: 'vote' }>
type Reply = Extract<Message, { type: 'pre-vote-reply' | 'vote-reply' }>

/** The leader has been silent for too long. */
export function electionDue(raft: Raft): void {
  if (!mayStand(raft)) {
    // Learners hear less often, so they give up later.
    if (raft.turn.at - raft.heardAt >= 3 * raft.turn.settings.learnerHeartbeat) raft.leader = null
    rearm(raft)
    return
  }
  askAround(raft)
}

/** Would a majority vote for this peer? Asking changes no term, so a peer that was cut off disturbs nobody when it returns. */
function askAround(raft: Raft): void {
  raft.phase = 'pre-candidate'
  raft.leader = null
  raft.attempts += 1
  raft.votes.clear()
  raft.votes.set(raft.self, true)
  rearm(raft)
  for (const voter of others(raft)) send(raft, voter, { type: 'pre-vote', term: raft.term + 1, last: raft.log.last })
  tally(raft)
}

/** Stands for election. The own vote counts when it is on disk (`ownVoteDurable`). */
export function stand(raft: Raft, forced: boolean): void {
  raft.phase = 'candidate'
  raft.leader = null
  raft.term += 1
  raft.vote = raft.self
  raft.turn.hardChanged = true
  raft.votes.clear()
  rearm(raft)
  for (const voter of others(raft)) send(raft, voter, { type: 'vote', term: raft.term, last: raft.log.last, forced })
}

export function ownVoteDurable(raft: Raft, term: number): void {
  if (raft.phase !== 'candidate' || raft.term !== term || raft.vote !== raft.self) return
  raft.votes.set(raft.self, true)
  tally(raft)
}

export function onPreVote(raft: Raft, from: NodeId, { term, last }: PreVote): void {
  const granted =
    raft.rules.counts(raft.mute) &&
    term > raft.term &&
    !hasLiveLeader(raft) &&
    raft.rules.isUpToDate(last, raft.log.last)
  send(raft, from, { type: 'pre-vote-reply', term: granted ? term : raft.term, granted })
}

export function onVote(raft: Raft, from: NodeId, { term, last, forced }: Vote): void {
  if (term > raft.term) {
    if (hasLiveLeader(raft) && !forced) return
    follow(raft, term, null)
  }
  const granted =
    raft.rules.counts(raft.mute) &&
    term === raft.term &&
    raft.rules.mayVoteFor(raft.vote, from) &&
    raft.rules.isUpToDate(last, raft.log.last)
  if (granted) {
    if (raft.vote !== from) {
      raft.vote = from
      raft.turn.hardChanged = true
    }
    rearm(raft)
  }
  send(raft, from, { type: 'vote-reply', term: raft.term, granted })
}

export function onVoteReply(raft: Raft, from: NodeId, reply: Reply): void {
  const proposed = reply.type === 'pre-vote-reply' && reply.granted
  if (reply.term > raft.term && !proposed) {
    follow(raft, reply.term, null)
    return
  }
  const asked = reply.type === 'pre-vote-reply' ? 'pre-candidate' : 'candidate'
  if (raft.phase !== asked || reply.term !== (proposed ? raft.term + 1 : raft.term)) return
  raft.votes.set(from, reply.granted)
  tally(raft)
}

/** A leader handed over to this peer. */
export function onTakeOver(raft: Raft): void {
  if (mayStand(raft) && raft.phase !== 'leader') stand(raft, true)
}

/**
 * The connection to a peer broke by itself. If it led, it is probably dead. All voters see that at the same moment, so they stand up one
 * after the other, in an order that each of them can work out.
 */
export function onPeerReset(raft: Raft, peer: NodeId): void {
  if (peer !== raft.leader || raft.phase !== 'follower') return
  raft.leaderReset = true
  raft.attempts = 0
  if (!mayStand(raft)) return
  const order = others(raft)
    .filter((voter) => voter !== peer)
    .concat(raft.self)
    .sort((a, b) => jitter(a, raft.term) - jitter(b, raft.term))
  const wait = order.indexOf(raft.self) * raft.turn.settings.resetStagger
  raft.electionAt = raft.turn.at + wait
  if (wait === 0) askAround(raft)
}

function tally(raft: Raft): void {
  const { voters } = raft.log
  const needed = raft.rules.majority(voters.length)
  const counted = voters.filter((voter) => raft.votes.get(voter) === true).length
  const refused = voters.filter((voter) => raft.votes.get(voter) === false).length
  if (counted >= needed) {
    if (raft.phase === 'pre-candidate') stand(raft, false)
    else lead(raft)
  } else if (refused > voters.length - needed) {
    const { electionAt } = raft
    follow(raft, raft.term, null)
    raft.electionAt = electionAt
  }
}

function lead(raft: Raft): void {
  const { at } = raft.turn
  const opened = raft.log.lastIndex + 1
  raft.phase = 'leader'
  raft.leader = raft.self
  raft.leaderReset = false
  raft.attempts = 0
  raft.votes.clear()
  raft.leading = {
    since: at,
    opened,
    progress: new Map(),
    durable: raft.log.lastIndex,
    round: 0,
    reads: [],
    earlyReads: [],
    roundWanted: false,
    transfer: null,
    uncommittedBytes: 0,
  }
  syncFollowers(raft)
  appendOwn(raft, [{ kind: 'noop', index: opened, term: raft.term }])
}

/** Follows the voters and learners with the leader's book-keeping. */
export function syncFollowers(raft: Raft): void {
  if (raft.leading === null) return
  const { progress } = raft.leading
  const wanted = new Set([...raft.log.voters, ...raft.learners])
  wanted.delete(raft.self)
  for (const peer of progress.keys()) if (!wanted.has(peer)) progress.delete(peer)
  for (const peer of wanted)
    if (!progress.has(peer)) progress.set(peer, newProgress(raft.log.lastIndex + 1, raft.turn.at))
}

export const others = (raft: Raft): NodeId[] => raft.log.voters.filter((voter) => voter !== raft.self)
