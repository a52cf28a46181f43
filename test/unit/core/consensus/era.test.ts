import { expect, test } from 'vitest'
import { eraOf, termsOfAnEra } from '../../../../src/core/consensus/era.ts'
import { encodeAll, reconcile, replay } from '../../../../src/core/consensus/records.ts'
import type { Input } from '../../../../src/core/consensus/types.ts'
import { nodeId } from '../../../../src/model/ids.ts'
import { among, RaftLab, words } from '../../../support/raft-lab.ts'

const [a, b] = ['a', 'b'].map(nodeId)
const beginsEra = (...voters: readonly string[]): Input => ({
  type: 'begin-era',
  leap: 1,
  voters: voters.map(nodeId),
  data: new Uint8Array(0),
})

test('given a survivor of three, when it begins an era with itself as voter, then it leads that era at its next tick', () => {
  const lab = new RaftLab(['a', 'b', 'c'])
  lab.elect('a')
  lab.put('a', beginsEra('a'))
  lab.pass(100, among('a'))
  expect(lab.leaders()).toContain('a')
  expect(lab.at('a').raft).toMatchObject({ term: termsOfAnEra + 1, vote: a })
  expect(lab.at('a').raft.log.voters).toEqual([a])
  lab.propose('a', 'one')
  lab.deliver(among('a'))
  expect(words(lab.at('a').applied)).toEqual(['one'])
})

test('given a peer that was mute, when it begins an era, then its word counts again: it has promised nothing in that era', () => {
  const lab = new RaftLab(['a', 'b'])
  lab.at('a').raft.mute = true
  lab.put('a', beginsEra('a'))
  lab.pass(100, among('a'))
  expect(lab.leaders()).toEqual(['a'])
})

test('given an old leader, when any message of a later era reaches it, then it leads no more and does not stand again', () => {
  const lab = new RaftLab(['a', 'b', 'c'])
  lab.elect('b')
  lab.put('a', beginsEra('a'))
  lab.pass(500)
  expect(lab.leaders()).toEqual(['a'])
  lab.pass(20_000, among('b', 'c'), [nodeId('b'), nodeId('c')])
  expect(lab.leaders()).toEqual(['a'])
  expect(eraOf(lab.at('b').raft.term)).toBe(1)
  expect(eraOf(lab.at('b').raft.log.last.term)).toBe(0)
})

test('given a crash after the snapshot of an era and before its journal, when the peer starts again, then it is in that era', () => {
  const lab = new RaftLab(['a', 'b', 'c'])
  lab.elect('a')
  const before = replay(encodeAll({ term: 1, vote: b ?? null, mute: false }, lab.at('a').raft.log))
  const { install } = lab.put('a', beginsEra('a'))
  const { hard, log } = reconcile(before, install)
  expect(hard).toEqual({ term: termsOfAnEra, vote: null, mute: false })
  expect(log.voters).toEqual([a])
  expect(log.last).toEqual({ index: install?.index, term: termsOfAnEra })
})
