/** How the messages of consensus travel. See protocols/raft.md. */
import { nodeId } from '../model/ids.ts'
import type { NodeId } from '../model/ids.ts'
import type { Entry, Message, Position } from '../model/raft.ts'
import type { Codec } from '../ports/codec.ts'
import type { NoticeProtocol, Protocol } from '../ports/rpc.ts'
import type { RaftEntry } from './gen/raft.ts'
import { RaftEntryKind, RaftKind, RaftMessage, RaftSnapshotChunk, RaftSnapshotReply } from './gen/raft.ts'

/** Largest command. With it, the largest batch of entries still fits into one message. */
export const maxPayloadBytes = 512 * 1024
export const maxChunkBytes = 256 * 1024
/** Largest snapshot that a peer takes from a leader. */
export const maxSnapshotBytes = 256 * 1024 * 1024
const maxEntries = 16_384
const maxVoters = 64
const longestId = 128

/** One part of a snapshot that is on its way. */
export interface SnapshotChunk {
  readonly term: number
  readonly at: Position
  readonly voters: readonly NodeId[]
  readonly size: number
  readonly checksum: number
  readonly offset: number
  readonly data: Uint8Array
}

export interface SnapshotReply {
  readonly wanted: number
}

const kinds = {
  'pre-vote': RaftKind.RAFT_PRE_VOTE,
  'pre-vote-reply': RaftKind.RAFT_PRE_VOTE_REPLY,
  vote: RaftKind.RAFT_VOTE,
  'vote-reply': RaftKind.RAFT_VOTE_REPLY,
  append: RaftKind.RAFT_APPEND,
  'append-reply': RaftKind.RAFT_APPEND_REPLY,
  'take-over': RaftKind.RAFT_TAKE_OVER,
} as const

const blank: Omit<RaftMessage, 'kind' | 'term'> = {
  index: 0,
  indexTerm: 0,
  granted: false,
  forced: false,
  entries: [],
  commit: 0,
  round: 0,
  rejected: 0,
  mute: false,
}

function toWire(message: Message): RaftMessage {
  const base = { ...blank, kind: kinds[message.type], term: message.term }
  switch (message.type) {
    case 'pre-vote':
      return { ...base, index: message.last.index, indexTerm: message.last.term }
    case 'vote':
      return { ...base, index: message.last.index, indexTerm: message.last.term, forced: message.forced }
    case 'pre-vote-reply':
    case 'vote-reply':
      return { ...base, granted: message.granted }
    case 'append': {
      const { prev, entries, commit, round } = message
      return { ...base, index: prev.index, indexTerm: prev.term, entries: entries.map(entryToWire), commit, round }
    }
    case 'append-reply': {
      const { ok, at, rejected, round, mute } = message
      return { ...base, index: at.index, indexTerm: at.term, granted: ok, rejected, round, mute }
    }
    case 'take-over':
      return base
  }
}

function fromWire(wire: RaftMessage): Message {
  for (const value of [wire.term, wire.index, wire.indexTerm, wire.commit, wire.round, wire.rejected]) whole(value)
  const { term, granted, forced, commit, round, rejected, mute } = wire
  const at = { index: wire.index, term: wire.indexTerm }
  switch (wire.kind) {
    case RaftKind.RAFT_PRE_VOTE:
      return { type: 'pre-vote', term, last: at }
    case RaftKind.RAFT_PRE_VOTE_REPLY:
      return { type: 'pre-vote-reply', term, granted }
    case RaftKind.RAFT_VOTE:
      return { type: 'vote', term, last: at, forced }
    case RaftKind.RAFT_VOTE_REPLY:
      return { type: 'vote-reply', term, granted }
    case RaftKind.RAFT_APPEND:
      return { type: 'append', term, prev: at, entries: entriesFrom(wire.entries, at, term), commit, round }
    case RaftKind.RAFT_APPEND_REPLY:
      return { type: 'append-reply', term, ok: granted, at, rejected, round, mute }
    case RaftKind.RAFT_TAKE_OVER:
      return { type: 'take-over', term }
    case RaftKind.RAFT_UNKNOWN:
      throw new Error('message of no kind')
  }
}

const entryToWire = (entry: Entry): RaftEntry => ({
  kind:
    entry.kind === 'command'
      ? RaftEntryKind.RAFT_ENTRY_COMMAND
      : entry.kind === 'voters'
        ? RaftEntryKind.RAFT_ENTRY_VOTERS
        : RaftEntryKind.RAFT_ENTRY_NOOP,
  term: entry.term,
  payload: entry.kind === 'command' ? plain(entry.payload) : new Uint8Array(0),
  voters: entry.kind === 'voters' ? [...entry.voters] : [],
})

/** Terms never fall along a log, and none is above its leader's. */
function entriesFrom(wire: readonly RaftEntry[], prev: Position, term: number): Entry[] {
  if (wire.length > maxEntries) throw new Error('too many entries')
  let before = prev.term
  return wire.map((entry, i) => {
    whole(entry.term)
    if (entry.term < before || entry.term > term) throw new Error('entries are out of order')
    before = entry.term
    return entryFrom(entry, prev.index + 1 + i)
  })
}

function entryFrom({ kind, term, payload, voters }: RaftEntry, index: number): Entry {
  switch (kind) {
    case RaftEntryKind.RAFT_ENTRY_NOOP:
      return { kind: 'noop', index, term }
    case RaftEntryKind.RAFT_ENTRY_COMMAND:
      if (payload.length > maxPayloadBytes) throw new Error('command is too large')
      // A copy of its own: the entry outlives the message that it came in by far.
      return { kind: 'command', index, term, payload: new Uint8Array(payload) }
    case RaftEntryKind.RAFT_ENTRY_VOTERS:
      return { kind: 'voters', index, term, voters: votersFrom(voters) }
    case RaftEntryKind.RAFT_ENTRY_UNKNOWN:
      throw new Error('entry of no kind')
  }
}

function votersFrom(ids: readonly string[]): NodeId[] {
  if (ids.length === 0 || ids.length > maxVoters) throw new Error('wrong number of voters')
  if (ids.some((id) => id.length === 0 || id.length > longestId)) throw new Error('id has a wrong size')
  if (new Set(ids).size !== ids.length) throw new Error('a voter is named twice')
  return ids.map(nodeId)
}

/** Nothing here is ever shared between threads. */
const plain = (bytes: Uint8Array): Uint8Array<ArrayBuffer> => bytes as Uint8Array<ArrayBuffer>

function whole(value: number): void {
  if (!Number.isSafeInteger(value) || value < 0) throw new Error('number out of range')
}

const messageCodec: Codec<Message> = {
  encode: (message) => RaftMessage.encode(toWire(message)),
  decode: (bytes) => fromWire(RaftMessage.decode(bytes)),
}

const chunkCodec: Codec<SnapshotChunk> = {
  encode: ({ term, at, voters, size, checksum, offset, data }) =>
    RaftSnapshotChunk.encode({
      ...{ term, index: at.index, indexTerm: at.term, voters: [...voters] },
      ...{ size, checksum, offset, data: plain(data) },
    }),
  decode(bytes) {
    const { term, index, indexTerm, voters, size, checksum, offset, data } = RaftSnapshotChunk.decode(bytes)
    for (const value of [term, index, indexTerm, size, offset]) whole(value)
    if (indexTerm > term) throw new Error('snapshot is of a later term than its leader')
    if (size > maxSnapshotBytes) throw new Error('snapshot is too large')
    if (data.length > maxChunkBytes || offset + data.length > size) throw new Error('chunk is too large')
    return { term, at: { index, term: indexTerm }, voters: votersFrom(voters), size, checksum, offset, data }
  },
}

const replyCodec: Codec<SnapshotReply> = {
  encode: (reply) => RaftSnapshotReply.encode(reply),
  decode(bytes) {
    const { wanted } = RaftSnapshotReply.decode(bytes)
    whole(wanted)
    return { wanted }
  },
}

/** Everything but snapshots: urgent, repeated until it is known to have arrived, so a lost notice does no harm. */
export const raftMessage: NoticeProtocol<Message> = {
  kind: 'notice',
  id: '/clawbernetes/raft/message/1.0.0',
  audience: 'members',
  lane: 'control',
  message: messageCodec,
  maxBytes: 1024 * 1024,
  maxInbound: 256,
}

/** Sends the leader's state in parts to a peer that has fallen behind its log. Safe to repeat. */
export const raftSnapshot: Protocol<SnapshotChunk, SnapshotReply> = {
  kind: 'call',
  id: '/clawbernetes/raft/snapshot/1.0.0',
  audience: 'members',
  lane: 'bulk',
  request: chunkCodec,
  response: replyCodec,
  maxBytes: maxChunkBytes + 16 * 1024,
  // The last part is answered when all of the state has been read, between everything else that its peer does.
  timeout: 120_000,
  maxInbound: 2,
}
