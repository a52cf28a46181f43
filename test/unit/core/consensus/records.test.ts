import fc from 'fast-check'
import { expect, test } from 'vitest'
import { foundingLog, RaftLog } from '../../../../src/core/consensus/log.ts'
import {
  decodeSnapshot,
  encodeAll,
  encodeBase,
  encodeEntry,
  encodeHard,
  encodeSnapshot,
  encodeSnapshotHead,
  reconcile,
  replay,
} from '../../../../src/core/consensus/records.ts'
import { nodeId } from '../../../../src/model/ids.ts'
import type { Entry } from '../../../../src/model/raft.ts'

const noop = (index: number, term: number): Entry => ({ kind: 'noop', index, term })
const voters = ['a', 'b'].map(nodeId)

test('hard state and entries come back as they were kept', () => {
  const entries: Entry[] = [
    noop(1, 1),
    { kind: 'command', index: 2, term: 1, payload: Uint8Array.of(1, 2, 3) },
    { kind: 'voters', index: 3, term: 4, voters },
  ]
  const hard = { term: 4, vote: nodeId('b'), mute: true }
  const { hard: kept, log } = replay([encodeHard({ ...hard, term: 1 }), ...entries.map(encodeEntry), encodeHard(hard)])
  expect(kept).toEqual(hard)
  expect(log.slice(1, 3)).toEqual(entries)
  expect(log.voters).toEqual(voters)
})

test('a later entry replaces everything at and after its index', () => {
  const { log } = replay([noop(1, 1), noop(2, 1), noop(3, 1), noop(2, 5)].map(encodeEntry))
  expect(log.last).toEqual({ index: 2, term: 5 })
  expect(log.termAt(1)).toBe(1)
})

test('what a rewritten journal holds is what it was written from', () => {
  const log = new RaftLog({ index: 7, term: 2, voters }, [noop(8, 3), noop(9, 3)])
  const back = replay(encodeAll({ term: 3, vote: null, mute: false }, log))
  expect(back.log.base).toEqual(log.base)
  expect(back.log.slice(8, 9)).toEqual(log.slice(8, 9))
})

test('records that make no log are refused', () => {
  for (const records of [
    [encodeEntry(noop(2, 1))],
    [encodeBase({ index: 5, term: 1, voters }), encodeEntry(noop(5, 1))],
    [Uint8Array.of(99, 1, 1)],
    [Uint8Array.of(1)],
    [Uint8Array.of(...encodeEntry(noop(1, 1)), 0)],
  ])
    expect(() => replay(records)).toThrow(RangeError)
})

test('random records are refused or read, nothing else', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 12 }), { maxLength: 4 }), (records) => {
      try {
        expect(replay(records).log.lastIndex).toBeGreaterThanOrEqual(0)
      } catch (error) {
        expect(error instanceof RangeError || error instanceof TypeError).toBe(true)
      }
    }),
  )
})

test('a snapshot comes back as it was kept', () => {
  const snapshot = { index: 9, term: 3, voters, data: Uint8Array.of(5, 6) }
  expect(decodeSnapshot(encodeSnapshot(snapshot))).toEqual(snapshot)
  expect(() => decodeSnapshot(encodeSnapshot(snapshot).subarray(0, 6))).toThrow(RangeError)
})

const hard = { term: 3, vote: voters[0] ?? null, mute: false }
const logTo = (last: number): RaftLog =>
  new RaftLog(
    { index: 0, term: 0, voters: [] },
    Array.from({ length: last }, (_, i) => noop(i + 1, 1)),
  )

test.each([0, 1, 127, 128, 20_000])(
  'a state of %i bytes behind its head is read as the snapshot that it is',
  (size) => {
    const data = new Uint8Array(size).fill(7)
    const head = encodeSnapshotHead({ index: 9, term: 3, voters }, size)
    expect(head).toHaveLength(encodeSnapshotHead({ index: 9, term: 3, voters }, 2 ** 40).length)
    expect(decodeSnapshot(Uint8Array.of(...head, ...data))).toEqual({ index: 9, term: 3, voters, data })
  },
)

test('a snapshot that the log still covers changes nothing', () => {
  const { changed, log } = reconcile({ hard, log: logTo(9) }, { index: 5, term: 1, voters })
  expect([changed, log.lastIndex]).toEqual([false, 9])
})

test('a snapshot beyond the log, or of another term, replaces it', () => {
  for (const snapshot of [
    { index: 12, term: 2, voters },
    { index: 5, term: 2, voters },
  ]) {
    const { changed, log } = reconcile({ hard, log: logTo(9) }, snapshot)
    expect([changed, log.base, log.lastIndex]).toEqual([true, snapshot, snapshot.index])
  }
})

test('a log without the snapshot it begins with is refused', () => {
  const log = new RaftLog({ index: 5, term: 1, voters })
  expect(() => reconcile({ hard, log }, null)).toThrow(RangeError)
  expect(() => reconcile({ hard, log }, { index: 4, term: 1, voters })).toThrow(RangeError)
})

test('no peer comes back in a term older than its log, and then without its vote of the older one', () => {
  const { hard: raised, changed } = reconcile({ hard, log: logTo(2) }, { index: 5, term: 8, voters })
  expect(raised).toEqual({ term: 8, vote: null, mute: false })
  expect(changed).toBe(true)
})

test('founders stand in the first entry; a peer that joins begins with nothing', () => {
  expect(foundingLog(voters)).toMatchObject({ voters, lastIndex: 1 })
  expect(foundingLog([])).toMatchObject({ voters: [], lastIndex: 0 })
})
