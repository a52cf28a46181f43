import { expect, test } from 'vitest'
import { RaftLog } from '../../../../src/core/consensus/log.ts'
import { nodeId } from '../../../../src/model/ids.ts'
import type { Entry } from '../../../../src/model/raft.ts'

const noop = (index: number, term: number): Entry => ({ kind: 'noop', index, term })
const change = (index: number, term: number, ...names: string[]): Entry => ({
  kind: 'voters',
  index,
  term,
  voters: names.map(nodeId),
})
const empty = { index: 0, term: 0, voters: [] }

test('entries must follow each other', () => {
  const log = new RaftLog(empty, [noop(1, 1)])
  expect(() => log.append([noop(3, 1)])).toThrow('does not follow')
})

test('the newest voters count, and go with their entry', () => {
  const log = new RaftLog(empty, [change(1, 1, 'a'), noop(2, 1), change(3, 1, 'a', 'b'), noop(4, 1)])
  expect(log.voters).toEqual(['a', 'b'])
  expect(log.votersAt(2)).toEqual(['a'])
  expect(log.changesAfter(1)).toBe(1)
  log.truncate(3)
  expect([log.lastIndex, log.voters, log.votersChangedAt]).toEqual([2, ['a'], 1])
})

test('a compacted log knows the term and the voters at its base', () => {
  const log = new RaftLog(empty, [change(1, 1, 'a'), noop(2, 2), noop(3, 2)])
  log.compact(2)
  expect(log.base).toEqual({ index: 2, term: 2, voters: ['a'] })
  expect([log.termAt(1), log.termAt(2), log.termAt(3), log.termAt(4)]).toEqual([undefined, 2, 2, undefined])
  log.compact(1)
  log.compact(99)
  expect(log.base.index).toBe(2)
})

test('bytes rise and fall with the entries', () => {
  const log = new RaftLog(empty)
  log.append([{ kind: 'command', index: 1, term: 1, payload: new Uint8Array(100) }, noop(2, 1), noop(3, 1)])
  const full = log.bytes
  log.truncate(3)
  log.compact(1)
  expect(log.bytes).toBeLessThan(full - 100)
  log.reset({ index: 9, term: 2, voters: [] })
  expect([log.bytes, log.length, log.lastIndex]).toEqual([0, 0, 9])
})

test('a slice is bounded in bytes, but holds one entry at least', () => {
  const log = new RaftLog(empty, [noop(1, 1), noop(2, 1), noop(3, 1)])
  expect(log.slice(1, 3, 70)).toHaveLength(2)
  expect(log.slice(1, 3, 1)).toHaveLength(1)
  expect(log.slice(2, 3)).toEqual([noop(2, 1), noop(3, 1)])
})

test('the last place not after a term is found, down to the base', () => {
  const log = new RaftLog({ index: 2, term: 1, voters: [] }, [noop(3, 2), noop(4, 2), noop(5, 4)])
  expect(log.lastNotAfter(9, 3)).toEqual({ index: 4, term: 2 })
  expect(log.lastNotAfter(3, 9)).toEqual({ index: 3, term: 2 })
  expect(log.lastNotAfter(9, 0)).toEqual({ index: 2, term: 1 })
})

test('who had a vote at some time since is known', () => {
  const log = new RaftLog(empty, [change(1, 1, 'a'), change(2, 1, 'a', 'b'), change(3, 1, 'b')])
  expect(log.hadVote(nodeId('a'), 2)).toBe(true)
  expect(log.hadVote(nodeId('a'), 3)).toBe(false)
  expect(log.hadVote(nodeId('c'), 0)).toBe(false)
})
