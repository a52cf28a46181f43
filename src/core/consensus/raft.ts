/** The state of one peer in the group, and the few moves that every part of the core makes. */
import type { NodeId } from '../../model/ids.ts'
import type { Millis } from '../../model/time.ts'
import { eraOf } from './era.ts'
import { jitter } from './jitter.ts'
import type { RaftLog } from './log.ts'
import type { Progress } from './progress.ts'
import type { Rules } from './rules.ts'
import type { Entry, Message } from '../../model/raft.ts'
import type { Answer, Effects, HardState, Letter, Settings, Snapshot } from './types.ts'

export type Phase = 'follower' | 'pre-candidate' | 'candidate' | 'leader'

/** What only a leader has. */
export interface Leading {
  readonly since: Millis
  /** Index of the entry that opened the term; null until it is in the log. */
  readonly opened: number
  readonly progress: Map<NodeId, Progress>
  /** Own entries up to here are on disk. */
  durable: number
  /** Rises with every round of confirmation; appends carry it and replies return it. */
  round: number
  /** Reads that wait for their round to be confirmed, oldest first. */
  readonly reads: { readonly id: number; readonly round: number; readonly index: number }[]
  /** Reads that wait for the term's first commit. */
  readonly earlyReads: number[]
  /** A round must be sent at the end of this step. */
  roundWanted: boolean
  transfer: { readonly to: NodeId; readonly until: Millis } | null
  uncommittedBytes: number
}

/** Mutated in place by `step` and owned by its caller, who may read it. */
export interface Raft {
  readonly self: NodeId
  readonly rules: Rules
  readonly log: RaftLog
  term: number
  vote: NodeId | null
  mute: boolean
  phase: Phase
  leader: NodeId | null
  commit: number
  applied: number
  /** When the leader was heard last. */
  heardAt: Millis
  electionAt: Millis
  /** The connection to the leader broke since it was heard last, so it is probably dead. */
  leaderReset: boolean
  /** Elections tried in a row without a leader. */
  attempts: number
  readonly votes: Map<NodeId, boolean>
  leading: Leading | null
  learners: readonly NodeId[]
  /** Valid during a step only. */
  turn: Turn
}

/** What one step has gathered so far. */
export interface Turn {
  readonly at: Millis
  readonly settings: Settings
  hardChanged: boolean
  /** The lowest index that was written to the log in this step. */
  unsaved: number
  install: Snapshot | null
  readonly messages: Letter[]
  readonly sendSnapshots: NodeId[]
  readonly answers: Answer[]
  readonly reads: { readonly id: number; readonly index: number | null }[]
  transferFailed: boolean
}

export const newTurn = (at: Millis, settings: Settings): Turn => ({
  at,
  settings,
  hardChanged: false,
  unsaved: Infinity,
  install: null,
  messages: [],
  sendSnapshots: [],
  answers: [],
  reads: [],
  transferFailed: false,
})

export const hardState = ({ term, vote, mute }: Raft): HardState => ({ term, vote, mute })

export const send = (raft: Raft, to: NodeId, message: Message): void => void raft.turn.messages.push({ to, message })

/**
 * May this peer stand for election? One whose removal is not known to be committed still may, without a vote of its own: if only its log
 * holds the entry that removes it, nobody else can win (4.2.2).
 */
export const mayStand = (raft: Raft): boolean =>
  !raft.mute && raft.log.hadVote(raft.self, raft.commit) && !isOutdated(raft)

/** It knows of a later era than its log is of, and waits for that era's state. */
export const isOutdated = ({ rules, log, term }: Raft): boolean => !rules.isOfEra(eraOf(log.last.term), eraOf(term))

/** Does the leader live, as far as this peer can tell? Then it takes no part in bringing it down. */
export const hasLiveLeader = (raft: Raft): boolean =>
  raft.phase === 'leader' ||
  (raft.leader !== null && !raft.leaderReset && raft.turn.at - raft.heardAt < raft.turn.settings.electionMin)

/** Puts entries at the end of the log; they count once they are on disk. */
export function appendOwn(raft: Raft, entries: readonly Entry[]): void {
  const first = entries[0]
  if (first === undefined) return
  raft.log.append(entries)
  raft.turn.unsaved = Math.min(raft.turn.unsaved, first.index)
}

/** Sets the time of the next election. After a reset it comes soon, then later and later until it is the usual one. */
export function rearm(raft: Raft): void {
  const { at, settings } = raft.turn
  const draw = jitter(raft.self, raft.term, raft.attempts)
  const usual = settings.electionMin + draw * (settings.electionMax - settings.electionMin)
  const soon = settings.heartbeat * (1 + draw) * 2 ** Math.min(raft.attempts, 6)
  raft.electionAt = at + (raft.leaderReset ? Math.min(soon, usual) : usual)
}

/** Follows `leader`, or nobody yet, in `term`. What only a leader knows is lost. */
export function follow(raft: Raft, term: number, leader: NodeId | null): void {
  if (term > raft.term) {
    raft.term = term
    raft.vote = null
    raft.turn.hardChanged = true
  }
  if (raft.leading !== null) abandon(raft, raft.leading)
  raft.leading = null
  raft.phase = 'follower'
  raft.leader = leader
  raft.votes.clear()
  rearm(raft)
}

function abandon(raft: Raft, leading: Leading): void {
  for (const id of leading.earlyReads) raft.turn.reads.push({ id, index: null })
  for (const { id } of leading.reads) raft.turn.reads.push({ id, index: null })
}

export function commitTo(raft: Raft, index: number): void {
  if (index > raft.commit) raft.commit = Math.min(index, raft.log.lastIndex)
}

/** Everything the step gathered, in the shape that the caller carries out. */
export function takeEffects(raft: Raft, roleChanged: boolean): Effects {
  const { turn } = raft
  const { install, messages, sendSnapshots, answers, reads, transferFailed } = turn
  const entries = turn.unsaved <= raft.log.lastIndex ? raft.log.slice(turn.unsaved, raft.log.lastIndex) : []
  const persists = turn.hardChanged || entries.length > 0 || install !== null
  const limit = Math.min(raft.rules.appliesTo(raft.commit, raft.log.lastIndex), raft.log.lastIndex)
  const apply = limit > raft.applied ? raft.log.slice(raft.applied + 1, limit) : []
  raft.applied = Math.max(raft.applied, limit)
  const maySpeak = raft.leading !== null && !turn.hardChanged && install === null
  const isEarly = ({ message }: Letter): boolean => maySpeak && message.type === 'append'
  return {
    install,
    persist: persists
      ? {
          hard: turn.hardChanged ? hardState(raft) : null,
          entries,
          done: { type: 'persisted', term: raft.term, last: raft.log.last },
        }
      : null,
    early: messages.filter((letter) => isEarly(letter)),
    messages: messages.filter((letter) => !isEarly(letter)),
    sendSnapshots,
    apply,
    answers,
    reads,
    roleChanged,
    transferFailed,
  }
}
