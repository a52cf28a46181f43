import { expect, test } from 'vitest'
import { nodeId } from '../../../../src/model/ids.ts'
import { among, RaftLab } from '../../../support/raft-lab.ts'

const [a, b, c] = ['a', 'b', 'c'].map(nodeId)

test('after a silence one voter stands up and wins', () => {
  const lab = new RaftLab(['a', 'b', 'c'])
  lab.pass(3_100)
  expect(lab.leaders()).toHaveLength(1)
  expect([...lab.peers.values()].map(({ raft }) => raft.term)).toEqual([1, 1, 1])
})

test('the own vote counts only when it is on disk', () => {
  const lab = new RaftLab(['a'])
  lab.at('a').diskHangs = true
  const effects = lab.put('a', { type: 'tick' })
  expect(effects.persist).toMatchObject({ hard: { term: 1, vote: a } })
  expect(lab.leaders()).toEqual([])
  lab.at('a').diskHangs = false
  lab.put('a', { type: 'persisted', term: 1, last: { index: 1, term: 0 } })
  expect(lab.leaders()).toEqual(['a'])
})

test('a voter gives one vote a term, also across a restart', () => {
  const lab = new RaftLab(['a', 'b', 'c'])
  const last = { index: 1, term: 0 }
  const vote = { type: 'vote', term: 1, last, forced: false } as const
  lab.put('a', { type: 'message', from: nodeId('b'), message: vote })
  lab.put('a', { type: 'message', from: nodeId('c'), message: vote })
  lab.restart('a')
  lab.put('a', { type: 'message', from: nodeId('c'), message: vote })
  lab.put('a', { type: 'message', from: nodeId('b'), message: vote })
  expect(lab.letters.map(({ to, message }) => [to, message.type === 'vote-reply' && message.granted])).toEqual([
    [b, true],
    [c, false],
    [c, false],
    [b, true],
  ])
})

test('a candidate whose log is behind gets no vote', () => {
  const lab = new RaftLab(['a', 'b', 'c'])
  lab.elect('a')
  lab.propose('a', 'x')
  lab.deliver(among('a', 'b'))
  const stale = { type: 'vote', term: 9, last: lab.at('c').raft.log.last, forced: true } as const
  lab.put('b', { type: 'message', from: nodeId('c'), message: stale })
  expect(lab.letters.at(-1)).toMatchObject({ to: c, message: { type: 'vote-reply', granted: false } })
})

test('a peer that was cut off raises no term, and disturbs nobody when it returns', () => {
  const lab = new RaftLab(['a', 'b', 'c'])
  lab.elect('a')
  lab.pass(20_000, among('a', 'b'))
  expect(lab.at('c').raft.term).toBe(1)
  lab.pass(5_000)
  expect(lab.leaders()).toEqual(['a'])
  expect(lab.at('a').raft.term).toBe(1)
})

test('while a voter hears its leader, it refuses to be asked', () => {
  const lab = new RaftLab(['a', 'b', 'c'])
  lab.elect('a')
  lab.pass(300)
  const ask = { type: 'pre-vote', term: 5, last: { index: 99, term: 4 } } as const
  lab.put('b', { type: 'message', from: nodeId('c'), message: ask })
  expect(lab.letters.at(-1)).toMatchObject({ message: { type: 'pre-vote-reply', granted: false, term: 1 } })
  const stand = { type: 'vote', term: 5, last: { index: 99, term: 4 }, forced: false } as const
  lab.letters = []
  lab.put('b', { type: 'message', from: nodeId('c'), message: stand })
  expect(lab.letters).toEqual([])
  expect(lab.at('b').raft.term).toBe(1)
})

test('when the connections to the leader break, the others elect at once', () => {
  const lab = new RaftLab(['a', 'b', 'c', 'd', 'e'])
  lab.elect('a')
  lab.pass(1_000)
  const from = lab.now
  const rest = ['b', 'c', 'd', 'e']
  for (const name of rest) lab.put(name, { type: 'peer-reset', peer: nodeId('a') })
  for (; lab.leaders().filter((id) => id !== 'a').length === 0 && lab.now < from + 2_000; lab.now += 5) {
    lab.deliver(among(...rest))
    for (const name of rest) lab.put(name, { type: 'tick' })
  }
  expect(lab.now - from).toBeLessThan(100)
  expect(lab.leaders().filter((id) => id !== 'a')).toHaveLength(1)
})

test('one voter that alone lost its connection cannot bring the leader down', () => {
  const lab = new RaftLab(['a', 'b', 'c'])
  lab.elect('a')
  lab.pass(1_000)
  lab.put('b', { type: 'peer-reset', peer: nodeId('a') })
  lab.pass(1_000)
  expect(lab.leaders()).toEqual(['a'])
  expect(lab.at('b').raft).toMatchObject({ term: 1, leader: a, leaderReset: false })
})

test('a leader that a majority does not answer stops to lead', () => {
  const lab = new RaftLab(['a', 'b', 'c'])
  lab.elect('a')
  lab.pass(1_650, among('a'))
  expect(lab.at('a').raft).toMatchObject({ phase: 'follower', leader: null })
})

test('the lead is handed over without a silence', () => {
  const lab = new RaftLab(['a', 'b', 'c'])
  lab.elect('a')
  lab.propose('a', 'x')
  lab.put('a', { type: 'transfer', to: nodeId('c') })
  lab.propose('a', 'refused while it goes')
  lab.deliver()
  expect(lab.leaders()).toEqual(['c'])
  expect(lab.at('a').answers.at(-1)).toMatchObject({ ok: false, refusal: 'transferring' })
})

test('a transfer to a peer that does not answer is given up', () => {
  const lab = new RaftLab(['a', 'b', 'c'])
  lab.elect('a')
  lab.propose('a', 'x')
  lab.put('a', { type: 'transfer', to: nodeId('c') })
  let failed = false
  for (let i = 0; i < 32; i += 1) {
    lab.pass(50, among('a', 'b'), [nodeId('b')])
    failed ||= lab.put('a', { type: 'tick' }).transferFailed
    lab.deliver(among('a', 'b'))
  }
  expect(failed).toBe(true)
  lab.propose('a', 'taken again')
  expect(lab.at('a').answers.at(-1)).toMatchObject({ ok: true })
})

test('a transfer to oneself or a stranger fails at once', () => {
  const lab = new RaftLab(['a', 'b', 'c'])
  lab.elect('a')
  expect(lab.put('a', { type: 'transfer', to: nodeId('a') }).transferFailed).toBe(true)
  expect(lab.put('a', { type: 'transfer', to: nodeId('z') }).transferFailed).toBe(true)
  expect(lab.put('b', { type: 'transfer', to: nodeId('c') }).transferFailed).toBe(true)
})

test('a peer that lost its promises neither stands nor votes', () => {
  const lab = new RaftLab(['a', 'b', 'c'])
  lab.at('b').raft.mute = true
  lab.elect('a', among('a', 'b'))
  expect(lab.leaders()).toEqual([])
  lab.pass(10_000, among('a', 'b'))
  expect(lab.leaders()).toEqual([])
  lab.pass(10_000)
  expect(lab.leaders()).toHaveLength(1)
  expect(lab.leaders()).not.toContain('b')
})

test('a voter whose own removal nobody else has still stands, or nobody could win', () => {
  const lab = new RaftLab(['a', 'b'])
  lab.elect('a')
  lab.put('a', { type: 'change-voters', id: 1, add: null, remove: nodeId('a') })
  lab.letters = []
  lab.restart('a')
  lab.restart('b')
  lab.pass(15_000)
  expect(lab.leaders()).toEqual(['b'])
  expect(lab.at('b').raft.log.voters).toEqual([b])
})
