/**
 * The consensus core: Raft as in Ongaro's dissertation, with PreVote, CheckQuorum, ReadIndex, transfer of leadership, changes of one voter at
 * a time, learners, pipelined appends and snapshots. Deterministic and synchronous: no clock, no chance, no disk, no network.
 */
import type { NodeId } from '../../model/ids.ts'
import type { Millis } from '../../model/time.ts'
import { onBeginEra } from './beginning.ts'
import { electionDue, onPeerReset, onPreVote, onTakeOver, onVote, onVoteReply, ownVoteDurable } from './election.ts'
import { syncFollowers } from './election.ts'
import { onAppend, onSnapshot } from './following.ts'
import { advance, onAppendReply, onFollowerReset, onRead, onSnapshotSent, spread, watch } from './leading.ts'
import type { RaftLog } from './log.ts'
import { onChangeVoters, onPropose, onTransfer } from './proposing.ts'
import { follow, newTurn, rearm, takeEffects } from './raft.ts'
import type { Raft } from './raft.ts'
import { raftRules } from './rules.ts'
import type { Rules } from './rules.ts'
import type { Message } from '../../model/raft.ts'
import type { Effects, HardState, Input, Settings } from './types.ts'

export interface Restored {
  readonly self: NodeId
  readonly hard: HardState
  readonly log: RaftLog
  /** What the machine has applied already: the index of its snapshot, or more when the core starts over in a living peer. */
  readonly applied: number
  readonly rules?: Rules
}

/** A peer as it stands after a start: a follower of nobody. The only voter of its group need not wait for anybody. */
export function createRaft({ self, hard, log, applied, rules }: Restored, at: Millis, settings: Settings): Raft {
  const raft: Raft = {
    self,
    rules: rules ?? raftRules,
    log,
    term: hard.term,
    vote: hard.vote,
    mute: hard.mute,
    phase: 'follower',
    leader: null,
    commit: Math.max(applied, log.base.index),
    applied: Math.max(applied, log.base.index),
    heardAt: at,
    electionAt: at,
    leaderReset: false,
    attempts: 0,
    votes: new Map(),
    leading: null,
    learners: [],
    turn: newTurn(at, settings),
  }
  if (log.voters.length !== 1) rearm(raft)
  return raft
}

/**
 * Takes inputs in order, at one moment of monotonic time, and says what to do about all of them together. `raft` is changed in place.
 * The caller must carry out the effects as `Effects` demands before it calls again.
 */
export function step(raft: Raft, inputs: readonly Input[], at: Millis, settings: Settings): Effects {
  const before = { phase: raft.phase, term: raft.term, leader: raft.leader, voters: raft.log.voters }
  raft.turn = newTurn(at, settings)
  for (const input of inputs) take(raft, input)
  spread(raft)
  const roleChanged =
    before.phase !== raft.phase ||
    before.term !== raft.term ||
    before.leader !== raft.leader ||
    before.voters !== raft.log.voters
  return takeEffects(raft, roleChanged)
}

function take(raft: Raft, input: Input): void {
  switch (input.type) {
    case 'tick':
      if (raft.phase === 'leader') watch(raft)
      else if (raft.turn.at >= raft.electionAt) electionDue(raft)
      return
    case 'message':
      onMessage(raft, input.from, input.message)
      return
    case 'propose':
      onPropose(raft, input)
      return
    case 'read':
      onRead(raft, input.id)
      return
    case 'set-learners':
      raft.learners = input.learners
      syncFollowers(raft)
      return
    case 'change-voters':
      onChangeVoters(raft, input)
      advance(raft)
      return
    case 'transfer':
      onTransfer(raft, input.to)
      return
    case 'peer-reset':
      onPeerReset(raft, input.peer)
      onFollowerReset(raft, input.peer)
      return
    case 'persisted':
      onPersisted(raft, input)
      return
    case 'snapshot-received':
      onSnapshot(raft, input)
      return
    case 'snapshot-sent':
      onSnapshotSent(raft, input)
      return
    case 'begin-era':
      onBeginEra(raft, input)
      return
    case 'compacted':
      raft.log.compact(Math.min(input.upTo, input.index, raft.applied))
      return
  }
}

function onMessage(raft: Raft, from: NodeId, message: Message): void {
  switch (message.type) {
    case 'pre-vote':
      onPreVote(raft, from, message)
      return
    case 'vote':
      onVote(raft, from, message)
      return
    case 'pre-vote-reply':
    case 'vote-reply':
      onVoteReply(raft, from, message)
      return
    case 'append':
      onAppend(raft, from, message)
      return
    case 'append-reply':
      if (message.term > raft.term) follow(raft, message.term, null)
      else onAppendReply(raft, from, message)
      return
    case 'take-over':
      if (message.term > raft.term) follow(raft, message.term, null)
      if (message.term === raft.term) onTakeOver(raft)
      return
  }
}

function onPersisted(raft: Raft, { term, last }: Extract<Input, { type: 'persisted' }>): void {
  ownVoteDurable(raft, term)
  if (raft.leading !== null && raft.log.termAt(last.index) === last.term) {
    raft.leading.durable = Math.max(raft.leading.durable, last.index)
    advance(raft)
  }
}
