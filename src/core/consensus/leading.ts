/** What a leader does: spread entries, count copies, confirm reads, keep watch over its majority, hand over. */
import type { NodeId } from '../../model/ids.ts'
import { others } from './election.ts'
import { entryBytes } from './log.ts'
import { forgetMatch, hasRoom, noteLoss, noteMatch, noteSent, probeFrom, waitForSnapshot } from './progress.ts'
import type { Progress } from './progress.ts'
import { commitTo, follow, send } from './raft.ts'
import type { Leading, Raft } from './raft.ts'
import type { AppendReply } from '../../model/raft.ts'
import type { Input } from './types.ts'

type SnapshotSent = Extract<Input, { type: 'snapshot-sent' }>

export function onAppendReply(raft: Raft, from: NodeId, reply: AppendReply): void {
  const { leading, turn } = raft
  const progress = leading?.progress.get(from)
  if (leading === null || progress === undefined || reply.term < raft.term) return
  if (reply.round > leading.round || (reply.ok && reply.at.index > raft.log.lastIndex)) return
  progress.heardAt = turn.at
  if (reply.mute && !progress.mute) noteLoss(progress)
  else if (hasLost(progress, reply)) forgetMatch(progress)
  progress.round = Math.max(progress.round, reply.round)
  if (reply.ok) noteMatch(progress, reply.at.index)
  else onReject(raft, progress, reply)
  confirmReads(raft, leading)
  advance(raft)
}

/**
 * It has not got any more what it had acknowledged: it has lost its log again before its word counts, or somebody has put an old copy of
 * it in its place. Should it be an old answer that is taken for this, then finding out anew where the logs are equal is all it costs.
 */
const hasLost = ({ mode, match, next }: Progress, { ok, at, rejected }: AppendReply): boolean =>
  !ok && mode === 'probe' && at.index < match && rejected === next - 1

function onReject(raft: Raft, progress: Progress, reply: AppendReply): void {
  if (progress.mode === 'snapshot') return
  const stale = progress.mode === 'replicate' ? reply.rejected <= progress.match : reply.rejected !== progress.next - 1
  if (stale) return
  const common = raft.log.lastNotAfter(reply.at.index, reply.at.term).index
  probeFrom(progress, Math.min(reply.rejected, common + 1))
}

export function onSnapshotSent(raft: Raft, { to, index, ok }: SnapshotSent): void {
  const progress = raft.leading?.progress.get(to)
  if (progress?.mode !== 'snapshot') return
  probeFrom(progress, ok ? index + 1 : progress.match + 1)
  if (!ok) progress.snapshotAfter = raft.turn.at + raft.turn.settings.electionMin
}

/** The connection to a follower broke: what was on its way is lost. */
export function onFollowerReset(raft: Raft, peer: NodeId): void {
  const progress = raft.leading?.progress.get(peer)
  if (progress?.mode === 'replicate') probeFrom(progress, progress.match + 1)
}

/** Commits what a majority has; the leader's own copy counts when it is on its disk (10.2.1). */
export function advance(raft: Raft): void {
  const { leading, log, rules } = raft
  if (leading === null) return
  const copies = log.voters.map((voter) => copied(raft, leading, voter)).sort((a, b) => b - a)
  const index = copies[rules.majority(copies.length) - 1] ?? 0
  if (index <= raft.commit || !rules.mayCommitByCount(log.termAt(index) ?? 0, raft.term)) return
  for (const entry of log.slice(raft.commit + 1, index)) leading.uncommittedBytes -= entryBytes(entry)
  leading.uncommittedBytes = Math.max(0, leading.uncommittedBytes)
  commitTo(raft, index)
  admitEarlyReads(raft, leading)
}

function copied(raft: Raft, leading: Leading, voter: NodeId): number {
  if (voter === raft.self) return leading.durable
  const progress = leading.progress.get(voter)
  return progress === undefined || !raft.rules.counts(progress.mute) ? 0 : progress.match
}

export function onRead(raft: Raft, id: number): void {
  const { leading, turn } = raft
  if (leading === null) turn.reads.push({ id, index: null })
  else if (!raft.rules.knowsCommit(raft.commit, leading.opened)) leading.earlyReads.push(id)
  else {
    leading.reads.push({ id, round: leading.round + 1, index: raft.commit })
    leading.roundWanted = true
  }
}

function admitEarlyReads(raft: Raft, leading: Leading): void {
  if (!raft.rules.knowsCommit(raft.commit, leading.opened)) return
  for (const id of leading.earlyReads.splice(0)) onRead(raft, id)
}

/** Serves the reads whose round a majority has answered: so nobody else led when they came. */
function confirmReads(raft: Raft, leading: Leading): void {
  const { voters } = raft.log
  for (let read = leading.reads[0]; read !== undefined; read = leading.reads[0]) {
    const { round } = read
    const confirmed = voters.filter((voter) => voter === raft.self || answered(raft, leading, voter) >= round).length
    if (!raft.rules.readConfirmed(confirmed, raft.rules.majority(voters.length))) return
    leading.reads.shift()
    raft.turn.reads.push({ id: read.id, index: read.index })
  }
}

function answered(raft: Raft, leading: Leading, voter: NodeId): number {
  const progress = leading.progress.get(voter)
  return progress === undefined || !raft.rules.counts(progress.mute) ? -1 : progress.round
}

/** A leader that no majority answers must assume that another leads (CheckQuorum); a transfer that takes too long is given up. */
export function watch(raft: Raft): void {
  const { leading, turn } = raft
  if (leading === null) return
  if (leading.transfer !== null && turn.at >= leading.transfer.until) {
    leading.transfer = null
    turn.transferFailed = true
  }
  const since = turn.at - turn.settings.electionMin
  if (leading.since > since) return
  const live = raft.log.voters.filter((voter) => {
    if (voter === raft.self) return true
    const progress = leading.progress.get(voter)
    return progress !== undefined && !progress.mute && (progress.heardAt ?? progress.addedAt) > since
  })
  if (live.length < raft.rules.majority(raft.log.voters.length)) follow(raft, raft.term, null)
}

/** Sends everything that is due, at the end of a step, so that what came together leaves together. */
export function spread(raft: Raft): void {
  const { leading } = raft
  if (leading === null) return
  const round = leading.roundWanted
  if (round) {
    leading.roundWanted = false
    leading.round += 1
    confirmReads(raft, leading)
  }
  const voters = new Set(raft.log.voters)
  for (const [peer, progress] of leading.progress) sendTo(raft, peer, progress, round && voters.has(peer))
  handOver(raft, leading)
}

function sendTo(raft: Raft, peer: NodeId, progress: Progress, must: boolean): void {
  const { log, commit } = raft
  const { at, settings } = raft.turn
  const due = at >= progress.beatAt
  const sure = progress.heardAt !== null && at - progress.heardAt < settings.electionMin
  if (due && progress.mode === 'probe') progress.paused = false
  if (progress.mode !== 'snapshot' && progress.next <= log.base.index) wantSnapshot(raft, peer, progress, sure)

  let sent = false
  while (progress.next > log.base.index && progress.next <= log.lastIndex && hasRoom(progress, settings)) {
    // A peer that does not answer is asked with empty appends; entries would only pile up on the way to it.
    if (!sure && progress.mode === 'probe') break
    sendAppend(raft, peer, progress, true)
    sent = true
  }
  const news = progress.mode === 'replicate' && progress.toldCommit < Math.min(commit, progress.next - 1)
  if (!sent && (due || must || news)) sendAppend(raft, peer, progress, false)
}

function wantSnapshot(raft: Raft, peer: NodeId, progress: Progress, sure: boolean): void {
  if (!sure || raft.turn.at < progress.snapshotAfter) return
  waitForSnapshot(progress)
  raft.turn.sendSnapshots.push(peer)
}

function sendAppend(raft: Raft, peer: NodeId, progress: Progress, full: boolean): void {
  const { log, turn } = raft
  // While a peer needs a snapshot, the base is the only place of which the leader still knows the term.
  const from = Math.max(progress.next - 1, log.base.index)
  const term = log.termAt(from)
  if (term === undefined) throw new Error(`no term is known for index ${from}`)
  const entries = full ? log.slice(from + 1, log.lastIndex, turn.settings.maxAppendBytes) : []
  const last = entries.at(-1)?.index ?? from
  send(raft, peer, {
    type: 'append',
    term: raft.term,
    prev: { index: from, term },
    entries,
    commit: raft.commit,
    round: raft.leading?.round ?? 0,
  })
  progress.toldCommit = Math.min(raft.commit, last)
  progress.beatAt = turn.at + beat(raft, peer)
  if (entries.length > 0)
    noteSent(
      progress,
      last,
      entries.reduce((sum, entry) => sum + entryBytes(entry), 0),
    )
}

const beat = (raft: Raft, peer: NodeId): number =>
  raft.log.voters.includes(peer) ? raft.turn.settings.heartbeat : raft.turn.settings.learnerHeartbeat

/** A leader that has been removed goes when that is committed; one that hands over goes when the other is up to date. */
function handOver(raft: Raft, leading: Leading): void {
  const { log } = raft
  const removed = !log.voters.includes(raft.self) && log.votersChangedAt <= raft.commit
  const best = removed ? furthest(raft, leading) : leading.transfer?.to
  if (best !== undefined && (removed || leading.progress.get(best)?.match === log.lastIndex)) {
    send(raft, best, { type: 'take-over', term: raft.term })
  }
  if (removed) follow(raft, raft.term, null)
}

function furthest(raft: Raft, leading: Leading): NodeId | undefined {
  const reach = (voter: NodeId): number => copied(raft, leading, voter)
  return others(raft).toSorted((a, b) => reach(b) - reach(a))[0]
}
