/** How hard state and log are kept in a journal, one record for each change, and how they are read back. */
import { BinaryReader, BinaryWriter } from '../../lib/binary.ts'
import { nodeId } from '../../model/ids.ts'
import type { NodeId } from '../../model/ids.ts'
import { RaftLog } from './log.ts'
import type { Entry } from '../../model/raft.ts'
import type { Base, HardState, Snapshot } from './types.ts'

const tags = { hard: 1, base: 2, noop: 3, command: 4, voters: 5 } as const

export const encodeHard = ({ term, vote, mute }: HardState): Uint8Array =>
  new BinaryWriter()
    .uint(tags.hard)
    .uint(term)
    .text(vote ?? '')
    .uint(mute ? 1 : 0)
    .done()

export function encodeBase({ index, term, voters }: Base): Uint8Array {
  return writeVoters(new BinaryWriter().uint(tags.base).uint(index).uint(term), voters).done()
}

export function encodeEntry(entry: Entry): Uint8Array {
  const size = entry.kind === 'command' ? entry.payload.length + 24 : 64
  const writer = new BinaryWriter(size).uint(tags[entry.kind]).uint(entry.index).uint(entry.term)
  if (entry.kind === 'command') return writer.bytes(entry.payload).done()
  return entry.kind === 'voters' ? writeVoters(writer, entry.voters).done() : writer.done()
}

export interface RestoredLog {
  readonly hard: HardState
  readonly log: RaftLog
}

/** What a rewritten journal holds. */
export const encodeAll = (hard: HardState, log: RaftLog): Uint8Array[] => [
  encodeHard(hard),
  encodeBase(log.base),
  ...log.slice(log.base.index + 1, log.lastIndex).map(encodeEntry),
]

/**
 * Plays a journal back: the last hard state counts, and an entry replaces everything at and after its index. Throws RangeError when the
 * records, though undamaged, do not make a log.
 */
export function replay(records: readonly Uint8Array[]): RestoredLog {
  let hard: HardState = { term: 0, vote: null, mute: false }
  const log = new RaftLog({ index: 0, term: 0, voters: [] })
  for (const record of records) {
    const read = decode(record)
    if (read.kind === 'hard') hard = read.hard
    else if (read.kind === 'base') log.reset(read.base)
    else {
      const { entry } = read
      if (entry.index <= log.base.index || entry.index > log.lastIndex + 1)
        throw new RangeError(`entry ${entry.index} does not fit after ${log.lastIndex}`)
      if (entry.index <= log.lastIndex) log.truncate(entry.index)
      log.append([entry])
    }
  }
  return { hard, log }
}

/**
 * Fits log and snapshot together after a crash that came between writing one and the other. Returns whether the journal must be rewritten
 * before anything is appended to it. Throws RangeError when the log needs a snapshot that is not there.
 */
export function reconcile(restored: RestoredLog, snapshot: Base | null): RestoredLog & { readonly changed: boolean } {
  const { log } = restored
  if (log.base.index > (snapshot?.index ?? 0))
    throw new RangeError(`the log begins after ${log.base.index}, the snapshot ends at ${snapshot?.index ?? 0}`)
  const changed = snapshot !== null && snapshot.index > 0 && log.termAt(snapshot.index) !== snapshot.term
  if (changed) log.reset({ index: snapshot.index, term: snapshot.term, voters: snapshot.voters })
  const { hard } = restored
  const behind = hard.term < log.last.term
  return { hard: behind ? { ...hard, term: log.last.term, vote: null } : hard, log, changed: changed || behind }
}

type Read =
  | { readonly kind: 'hard'; readonly hard: HardState }
  | { readonly kind: 'base'; readonly base: Base }
  | { readonly kind: 'entry'; readonly entry: Entry }

function decode(record: Uint8Array): Read {
  const reader = new BinaryReader(record)
  const read = decodeBody(reader, reader.uint())
  reader.end()
  return read
}

function decodeBody(reader: BinaryReader, tag: number): Read {
  if (tag === tags.hard) {
    const [term, vote, mute] = [reader.uint(), reader.text(), reader.uint()]
    return { kind: 'hard', hard: { term, vote: vote === '' ? null : nodeId(vote), mute: mute === 1 } }
  }
  const place = { index: reader.uint(), term: reader.uint() }
  switch (tag) {
    case tags.base:
      return { kind: 'base', base: { ...place, voters: readVoters(reader) } }
    case tags.noop:
      return { kind: 'entry', entry: { kind: 'noop', ...place } }
    case tags.command:
      return { kind: 'entry', entry: { kind: 'command', ...place, payload: reader.bytes() } }
    case tags.voters:
      return { kind: 'entry', entry: { kind: 'voters', ...place, voters: readVoters(reader) } }
    default:
      throw new RangeError(`unknown record type ${tag}`)
  }
}

/** A snapshot as one blob. Its CRC is the caller's to add. */
export const encodeSnapshot = ({ index, term, voters, data }: Snapshot): Uint8Array =>
  writeVoters(new BinaryWriter(data.length + 256).uint(index).uint(term), voters)
    .bytes(data)
    .done()

/** What stands in front of the state when that is written piece by piece; as long for any size. */
export const encodeSnapshotHead = ({ index, term, voters }: Base, size: number): Uint8Array =>
  writeVoters(new BinaryWriter(256).uint(index).uint(term), voters).wideUint(size).done()

/** Throws RangeError for anything else. */
export function decodeSnapshot(bytes: Uint8Array): Snapshot {
  const reader = new BinaryReader(bytes)
  const snapshot = { index: reader.uint(), term: reader.uint(), voters: readVoters(reader), data: reader.bytes() }
  reader.end()
  return snapshot
}

function writeVoters(writer: BinaryWriter, voters: readonly NodeId[]): BinaryWriter {
  writer.uint(voters.length)
  for (const voter of voters) writer.text(voter)
  return writer
}

function readVoters(reader: BinaryReader): NodeId[] {
  const count = reader.uint()
  if (count > 64) throw new RangeError(`${count} voters are too many`)
  return Array.from({ length: count }, () => nodeId(reader.text()))
}
