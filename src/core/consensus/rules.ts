/**
 * The rules that make Raft safe, each as one small question. The core asks them here and nowhere else, so that a test can answer one of
 * them wrongly and show that the simulator notices. Section numbers are of Ongaro's dissertation.
 */
import type { NodeId } from '../../model/ids.ts'
import type { Position } from '../../model/raft.ts'

export interface Rules {
  /** One vote a term (3.4). */
  mayVoteFor(vote: NodeId | null, candidate: NodeId): boolean
  /** A candidate's log must hold everything that may be committed (3.6.1). */
  isUpToDate(candidate: Position, own: Position): boolean
  /** How many votes or copies make a majority of so many voters (3.3). */
  majority(voters: number): number
  /** Entries of older terms are committed only by one of the own term after them (3.6.2). */
  mayCommitByCount(entryTerm: number, term: number): boolean
  /** A message of a leader that has been replaced is refused (3.3). */
  isCurrent(messageTerm: number, term: number): boolean
  /** Entries go only after an entry that both logs have (3.5). `here` is undefined when there is no entry. */
  follows(here: number | undefined, prevTerm: number): boolean
  /** Own entries are removed only where they differ, never because a message is shorter (3.5). */
  conflicts(here: number | undefined, entryTerm: number): boolean
  /** What the leader's commit index means here: not more than what was just compared (3.5). */
  commitLimit(leaderCommit: number, compared: number): number
  /** Up to where entries may be applied (3.5). */
  appliesTo(commit: number, last: number): number
  /** A leader knows the commit index only when an entry of its own term is committed (6.4). */
  knowsCommit(commit: number, opened: number): boolean
  /** A read waits until a majority has confirmed the leader since the read came (6.4). */
  readConfirmed(confirmed: number, needed: number): boolean
  /** One uncommitted voter change at a time, and none before the own term has committed something (4.1 and its erratum). */
  mayChangeVoters(state: { readonly changedAt: number; readonly commit: number; readonly opened: number }): boolean
  /** A log of an earlier era has no say in who leads: what it holds may have been given up, and its voters with it. */
  isOfEra(logEra: number, era: number): boolean
  /** A peer that lost its promises gives none that count. */
  counts(mute: boolean): boolean
}

export const raftRules: Rules = {
  mayVoteFor: (vote, candidate) => vote === null || vote === candidate,
  isUpToDate: (candidate, own) =>
    candidate.term > own.term || (candidate.term === own.term && candidate.index >= own.index),
  majority: (voters) => Math.floor(voters / 2) + 1,
  mayCommitByCount: (entryTerm, term) => entryTerm === term,
  isCurrent: (messageTerm, term) => messageTerm >= term,
  follows: (here, prevTerm) => here === prevTerm,
  conflicts: (here, entryTerm) => here !== entryTerm,
  commitLimit: (leaderCommit, compared) => Math.min(leaderCommit, compared),
  appliesTo: (commit) => commit,
  knowsCommit: (commit, opened) => commit >= opened,
  readConfirmed: (confirmed, needed) => confirmed >= needed,
  mayChangeVoters: ({ changedAt, commit, opened }) => changedAt <= commit && commit >= opened,
  isOfEra: (logEra, era) => logEra === era,
  counts: (mute) => !mute,
}
