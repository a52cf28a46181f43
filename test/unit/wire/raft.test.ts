import fc from 'fast-check'
import { expect, test } from 'vitest'
import { nodeId } from '../../../src/model/ids.ts'
import type { Entry, Message } from '../../../src/model/raft.ts'
import { RaftEntryKind, RaftKind, RaftMessage, RaftSnapshotChunk } from '../../../src/wire/gen/raft.ts'
import { maxChunkBytes, maxPayloadBytes, raftMessage, raftSnapshot } from '../../../src/wire/raft.ts'

const number = fc.integer({ min: 0, max: 2 ** 40 })
const position = fc.record({ index: number, term: number })
const voters = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 60 }).map(nodeId), { minLength: 1, maxLength: 7 })

const append = fc
  .record({
    prev: position,
    kinds: fc.array(
      fc.oneof(
        fc.record({ kind: fc.constant('noop' as const) }),
        fc.record({ kind: fc.constant('command' as const), payload: fc.uint8Array() }),
        fc.record({ kind: fc.constant('voters' as const), voters }),
      ),
      { maxLength: 5 },
    ),
    ahead: fc.nat(5),
    commit: number,
    round: number,
  })
  .map(({ prev, kinds, ahead, commit, round }): Message => {
    const term = prev.term + ahead
    const entries = kinds.map((body, i): Entry => ({ ...body, index: prev.index + 1 + i, term }))
    return { type: 'append', term, prev, entries, commit, round }
  })

const message: fc.Arbitrary<Message> = fc.oneof(
  append,
  fc.record({ type: fc.constant('pre-vote' as const), term: number, last: position }),
  fc.record({ type: fc.constant('pre-vote-reply' as const), term: number, granted: fc.boolean() }),
  fc.record({ type: fc.constant('vote' as const), term: number, last: position, forced: fc.boolean() }),
  fc.record({ type: fc.constant('vote-reply' as const), term: number, granted: fc.boolean() }),
  fc.record({ type: fc.constant('take-over' as const), term: number }),
  fc.record({
    type: fc.constant('append-reply' as const),
    term: number,
    ok: fc.boolean(),
    at: position,
    rejected: number,
    round: number,
    mute: fc.boolean(),
  }),
)

test('every message arrives as it was sent', () => {
  fc.assert(
    fc.property(message, (sent) => {
      const codec = raftMessage.message
      expect(codec.decode(codec.encode(sent))).toEqual(sent)
    }),
  )
})

test('random bytes are refused or give a valid message, and never anything else', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      for (const codec of [raftMessage.message, raftSnapshot.request, raftSnapshot.response]) {
        try {
          expect(codec.decode(bytes)).toBeTypeOf('object')
        } catch (error) {
          expect(error).toBeInstanceOf(Error)
        }
      }
    }),
  )
})

const entry = { kind: RaftEntryKind.RAFT_ENTRY_NOOP, term: 3, payload: new Uint8Array(0), voters: [] as string[] }

test.each([
  ['no kind', { kind: RaftKind.RAFT_UNKNOWN, term: 1 }],
  ['an entry of no kind', { entries: [{ ...entry, kind: RaftEntryKind.RAFT_ENTRY_UNKNOWN }] }],
  ['terms that fall', { entries: [entry, { ...entry, term: 2 }] }],
  ['an entry of a later term than its leader', { entries: [{ ...entry, term: 9 }] }],
  ['no voters', { entries: [{ ...entry, kind: RaftEntryKind.RAFT_ENTRY_VOTERS }] }],
  ['a voter twice', { entries: [{ ...entry, kind: RaftEntryKind.RAFT_ENTRY_VOTERS, voters: ['a', 'a'] }] }],
  ['too many voters', { entries: [{ ...entry, kind: RaftEntryKind.RAFT_ENTRY_VOTERS, voters: many(65) }] }],
  ['an endless voter', { entries: [{ ...entry, kind: RaftEntryKind.RAFT_ENTRY_VOTERS, voters: ['x'.repeat(200)] }] }],
  [
    'a command that is too large',
    {
      entries: [{ ...entry, kind: RaftEntryKind.RAFT_ENTRY_COMMAND, payload: new Uint8Array(maxPayloadBytes + 1) }],
    },
  ],
])('a message with %s is refused', (_what, fields) => {
  const bytes = RaftMessage.encode({ kind: RaftKind.RAFT_APPEND, term: 5, index: 1, indexTerm: 1, ...fields })
  expect(() => raftMessage.message.decode(bytes)).toThrow()
})

function many(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `voter-${i}`)
}

const chunk = { term: 2, index: 5, indexTerm: 1, voters: ['a'], size: 10, checksum: 1, offset: 0 }

test.each([
  ['reaches beyond its size', { offset: 8, data: new Uint8Array(3) }],
  ['is too large', { size: 2 * maxChunkBytes, data: new Uint8Array(maxChunkBytes + 1) }],
  ['belongs to a snapshot that is too large', { size: 2 ** 40, data: new Uint8Array(1) }],
  ['is of a later term than its leader', { indexTerm: 3, data: new Uint8Array(1) }],
  ['names no voters', { voters: [], data: new Uint8Array(1) }],
])('a part of a snapshot that %s is refused', (_what, fields) => {
  const bytes = RaftSnapshotChunk.encode({ ...chunk, ...fields })
  expect(() => raftSnapshot.request.decode(bytes)).toThrow()
})

test('a part of a snapshot arrives as it was sent', () => {
  const sent = {
    ...{ term: 4, at: { index: 9, term: 3 }, voters: [nodeId('a'), nodeId('b')] },
    ...{ size: 10, checksum: 4_000_000_000, offset: 5, data: Uint8Array.of(1, 2, 3, 4, 5) },
  }
  expect(raftSnapshot.request.decode(raftSnapshot.request.encode(sent))).toEqual(sent)
  expect(raftSnapshot.response.decode(raftSnapshot.response.encode({ wanted: 10 }))).toEqual({ wanted: 10 })
})
