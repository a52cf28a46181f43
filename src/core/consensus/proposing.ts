/** What users of the group ask of its leader: to commit something, to change the voters, to hand over. */
import type { NodeId } from '../../model/ids.ts'
import { syncFollowers } from './election.ts'
import { entryBytes } from './log.ts'
import { appendOwn } from './raft.ts'
import type { Leading, Raft } from './raft.ts'
import type { Entry } from '../../model/raft.ts'
import type { Input, Refusal } from './types.ts'

type Propose = Extract<Input, { type: 'propose' }>
type ChangeVoters = Extract<Input, { type: 'change-voters' }>

export function onPropose(raft: Raft, { id, payload }: Propose): void {
  const entry: Entry = { kind: 'command', index: raft.log.lastIndex + 1, term: raft.term, payload }
  answer(raft, id, refusal(raft) ?? put(raft, entry))
}

/** Adds or removes one voter. It counts as soon as it is in the log; two majorities that differ by one voter always meet. */
export function onChangeVoters(raft: Raft, { id, add, remove }: ChangeVoters): void {
  const { log, leading } = raft
  const voters = changed(log.voters, add, remove)
  const refused = refusal(raft) ?? (voters === null ? 'no-such-change' : unready(raft, add))
  if (refused !== null || leading === null || voters === null) {
    answer(raft, id, refused ?? 'not-leader')
    return
  }
  const state = { changedAt: log.votersChangedAt, commit: raft.commit, opened: leading.opened }
  if (!raft.rules.mayChangeVoters(state)) {
    answer(raft, id, 'change-running')
    return
  }
  answer(raft, id, put(raft, { kind: 'voters', index: log.lastIndex + 1, term: raft.term, voters }))
  syncFollowers(raft)
}

function changed(voters: readonly NodeId[], add: NodeId | null, remove: NodeId | null): NodeId[] | null {
  if (add !== null && remove === null && !voters.includes(add)) return [...voters, add]
  if (remove !== null && add === null && voters.includes(remove) && voters.length > 1)
    return voters.filter((voter) => voter !== remove)
  return null
}

/** A voter that cannot keep up would be one more to wait for, and one that cannot vote is none. */
function unready(raft: Raft, add: NodeId | null): Refusal | null {
  if (add === null) return null
  const { at, settings } = raft.turn
  const progress = raft.leading?.progress.get(add)
  if (progress === undefined || progress.mute || progress.heardAt === null) return 'not-ready'
  const live = at - progress.heardAt < settings.electionMin
  return live && progress.match + settings.maxVoterLag >= raft.commit ? null : 'not-ready'
}

export function onTransfer(raft: Raft, to: NodeId): void {
  const { leading, turn } = raft
  const able = leading !== null && to !== raft.self && raft.log.voters.includes(to) && leading.transfer === null
  if (able) leading.transfer = { to, until: turn.at + turn.settings.electionMin }
  else turn.transferFailed = true
}

function refusal(raft: Raft): Refusal | null {
  const { leading, log, turn } = raft
  if (leading === null || !log.voters.includes(raft.self)) return 'not-leader'
  if (leading.transfer !== null) return 'transferring'
  return isFull(raft, leading, turn.settings) ? 'too-busy' : null
}

const isFull = (
  raft: Raft,
  leading: Leading,
  limits: { readonly maxUncommittedEntries: number; readonly maxUncommittedBytes: number },
): boolean =>
  raft.log.lastIndex - raft.commit >= limits.maxUncommittedEntries ||
  leading.uncommittedBytes >= limits.maxUncommittedBytes

function put(raft: Raft, entry: Entry): null {
  appendOwn(raft, [entry])
  if (raft.leading !== null) raft.leading.uncommittedBytes += entryBytes(entry)
  return null
}

const answer = (raft: Raft, id: number, refused: Refusal | null): void =>
  void raft.turn.answers.push(
    refused === null ? { id, ok: true, at: raft.log.last } : { id, ok: false, refusal: refused },
  )
