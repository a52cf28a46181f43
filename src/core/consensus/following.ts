/** What a peer does with a leader's entries and snapshots. */
import type { NodeId } from '../../model/ids.ts'
import { appendOwn, commitTo, follow, isOutdated, rearm, send } from './raft.ts'
import type { Raft } from './raft.ts'
import type { Append, Entry, Position } from '../../model/raft.ts'
import type { Input } from './types.ts'

type SnapshotReceived = Extract<Input, { type: 'snapshot-received' }>

export function onAppend(raft: Raft, from: NodeId, message: Append): void {
  if (!hear(raft, from, message.term)) return
  const { log } = raft
  const { prev, entries } = message
  const known = prev.index < log.base.index || raft.rules.follows(log.termAt(prev.index), prev.term)
  if (!known || prev.index > log.lastIndex) {
    const hint = log.lastNotAfter(prev.index, prev.term)
    reply(raft, from, { ok: false, at: hint, rejected: prev.index, round: message.round })
    return
  }
  merge(raft, entries)
  const compared = prev.index + entries.length
  commitTo(raft, raft.rules.commitLimit(message.commit, compared))
  const at = { index: compared, term: entries.at(-1)?.term ?? prev.term }
  reply(raft, from, { ok: true, at, rejected: 0, round: message.round })
}

export function onSnapshot(raft: Raft, { from, term, snapshot }: SnapshotReceived): void {
  if (!hear(raft, from, term)) return
  const { log, turn } = raft
  const { index, data, voters } = snapshot
  const at = { index, term: snapshot.term }
  if (index > raft.commit || isOutdated(raft)) {
    if (log.termAt(index) === snapshot.term) commitTo(raft, index)
    else {
      log.reset({ ...at, voters })
      turn.unsaved = Infinity
      turn.install = { ...at, voters, data }
      raft.commit = index
      raft.applied = index
    }
  }
  reply(raft, from, { ok: true, at, rejected: 0, round: 0 })
}

/** Notes that this leader lives. Returns whether it is one to listen to; if not, it learns the newer term. */
function hear(raft: Raft, from: NodeId, term: number): boolean {
  if (!raft.rules.isCurrent(term, raft.term)) {
    reply(raft, from, { ok: false, at: raft.log.last, rejected: 0, round: 0 })
    return false
  }
  if (raft.phase === 'leader' && term === raft.term) return false
  if (term > raft.term || raft.phase !== 'follower' || raft.leader !== from) follow(raft, term, from)
  raft.heardAt = raft.turn.at
  raft.leaderReset = false
  raft.attempts = 0
  rearm(raft)
  return true
}

/** Takes what is new; removes own entries only from where they differ, which committed ones never do. */
function merge(raft: Raft, entries: readonly Entry[]): void {
  const { log, turn } = raft
  const fresh = entries.findIndex(
    ({ index, term }) => index > log.base.index && raft.rules.conflicts(log.termAt(index), term),
  )
  const first = entries[fresh]
  if (first === undefined) return
  if (first.index <= log.lastIndex) {
    if (first.index <= raft.commit)
      throw new Error(`a leader would replace entry ${first.index}, which is committed (${raft.commit})`)
    log.truncate(first.index)
    turn.unsaved = Math.min(turn.unsaved, first.index)
  }
  appendOwn(raft, entries.slice(fresh))
}

interface Outcome {
  readonly ok: boolean
  readonly at: Position
  readonly rejected: number
  readonly round: number
}

const reply = (raft: Raft, to: NodeId, outcome: Outcome): void =>
  send(raft, to, { type: 'append-reply', term: raft.term, mute: raft.mute, ...outcome })
