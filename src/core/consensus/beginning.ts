/** Beginning a new era. */
import { entriesOfAnEra, eraOf, termsOfAnEra } from './era.ts'
import { follow } from './raft.ts'
import type { Raft } from './raft.ts'
import type { Input } from './types.ts'

type BeginEra = Extract<Input, { type: 'begin-era' }>

/** Replaces log, voters and state. What this peer promised in earlier eras binds it no more, so its word counts again if it was mute. */
export function onBeginEra(raft: Raft, { leap, voters, data }: BeginEra): void {
  const { log, turn } = raft
  const era = eraOf(Math.max(raft.term, log.last.term)) + leap
  const at = { index: Math.max(era * entriesOfAnEra, log.lastIndex + entriesOfAnEra), term: era * termsOfAnEra }
  follow(raft, at.term, null)
  raft.mute = false
  log.reset({ ...at, voters })
  turn.unsaved = Infinity
  turn.install = { ...at, voters, data }
  raft.commit = at.index
  raft.applied = at.index
  raft.electionAt = turn.at
}
