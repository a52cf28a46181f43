import { expect, test } from 'vitest'
import { nodeId } from '../../../../src/model/ids.ts'
import type { Letter } from '../../../support/raft-lab.ts'
import { among, RaftLab, words } from '../../../support/raft-lab.ts'

const [a, b, c] = ['a', 'b', 'c'].map(nodeId)
const never = (): boolean => false

test('an entry is committed when a majority has it, and then applied everywhere', () => {
  const lab = new RaftLab(['a', 'b', 'c'])
  lab.elect('a')
  lab.propose('a', 'x', 'y')
  lab.deliver()
  for (const { applied } of lab.peers.values()) expect(words(applied)).toEqual(['x', 'y'])
})

test('a single voter commits nothing before its disk has it', () => {
  const lab = new RaftLab(['a'])
  lab.put('a', { type: 'tick' })
  lab.at('a').diskHangs = true
  lab.propose('a', 'x')
  expect(words(lab.at('a').applied)).toEqual([])
  lab.put('a', lab.at('a').last?.persist?.done ?? { type: 'tick' })
  expect(words(lab.at('a').applied)).toEqual(['x'])
})

test('given a leader whose disk is slow, then its followers have the entries meanwhile, and its own copy counts only when written', () => {
  const lab = new RaftLab(['a', 'b', 'c'])
  lab.elect('a')
  lab.at('a').diskHangs = true
  lab.propose('a', 'x')
  const { early, messages, persist } = lab.at('a').last ?? {}
  expect(early?.map(({ to, message }) => [to, message.type])).toEqual([
    ['b', 'append'],
    ['c', 'append'],
  ])
  expect(messages).toEqual([])

  lab.deliver(among('a', 'b'))
  expect(words(lab.at('a').applied)).toEqual([])
  lab.put('a', persist?.done ?? { type: 'tick' })
  expect(words(lab.at('a').applied)).toEqual(['x'])
})

test('a leader that learns of a higher term says nothing before that is on its disk', () => {
  const lab = new RaftLab(['a', 'b', 'c'])
  lab.elect('a')
  const vote = { type: 'vote', term: 9, last: { index: 99, term: 8 }, forced: true } as const
  const effects = lab.put(
    'a',
    { type: 'propose', id: 1, payload: new Uint8Array(1) },
    { type: 'message', from: nodeId('b'), message: vote },
  )
  expect(effects.persist?.hard).toMatchObject({ term: 9, vote: 'b' })
  expect(effects.early).toEqual([])
})

/** Figure 3.7 of the dissertation. */
test('an entry of an older term is not committed by copies alone', () => {
  const lab = new RaftLab(['a', 'b', 'c', 'd', 'e'], { maxAppendBytes: 1 })
  lab.elect('a')
  lab.propose('a', 'old')
  lab.deliver(among('a', 'b'))
  const index = lab.at('a').raft.log.lastIndex
  lab.elect('e', (letter) => among('c', 'd', 'e')(letter) && letter.message.type !== 'append')
  expect(lab.leaders()).toContain('e')
  lab.letters = []
  lab.put('e', { type: 'propose', id: 1, payload: Uint8Array.of(1) })
  lab.letters = []
  lab.restart('e')

  lab.restart('a')
  for (const name of ['b', 'c', 'd']) lab.at(name).raft.leader = null
  // The old entry reaches a majority, the one that opens the new term does not.
  const upToOld = (letter: Letter): boolean =>
    among('a', 'b', 'c', 'd')(letter) &&
    (letter.message.type !== 'append' || letter.message.entries.every((entry) => entry.index <= index))
  // The first try only tells it the term that it missed.
  lab.elect('a', upToOld)
  lab.elect('a', upToOld)
  lab.pass(300, upToOld, [nodeId('a')])
  expect(lab.at('c').raft.log.termAt(index)).toBe(1)
  expect(lab.leaders()).toContain('a')
  expect(lab.at('a').raft.commit).toBeLessThan(index)
  lab.pass(500, among('a', 'b', 'c'))
  expect(words(lab.at('a').applied)).toEqual(['old'])
})

test('logs that differ for long are made equal in a few rounds', () => {
  const lab = new RaftLab(['a', 'b', 'c'])
  lab.elect('a')
  for (let i = 0; i < 300; i += 1) lab.propose('a', `lost ${i}`)
  lab.letters = []
  lab.pass(6_000, among('b', 'c'))
  const leader = lab.leaders().find((id) => id !== 'a') ?? ''
  for (let i = 0; i < 300; i += 1) lab.propose(leader, `kept ${i}`)
  lab.deliver(among('b', 'c'))
  let rounds = 0
  lab.pass(1_000, ({ to, message }) => {
    if (to === 'a' && message.type === 'append' && lab.at('a').raft.log.last.term !== 2) rounds += 1
    return true
  })
  expect(words(lab.at('a').applied)).toHaveLength(300)
  expect(rounds).toBeLessThan(6)
})

test('appends follow each other without waiting, up to a limit', () => {
  const lab = new RaftLab(['a', 'b', 'c'], { maxInflightAppends: 3, maxAppendBytes: 10 })
  lab.elect('a')
  lab.letters = []
  for (let i = 0; i < 10; i += 1) lab.propose('a', `${i}`)
  expect(lab.letters.filter(({ to }) => to === b)).toHaveLength(3)
  lab.deliver()
  expect(words(lab.at('b').applied)).toHaveLength(10)
})

test('a lost append is noticed with the next heartbeat and sent again', () => {
  const lab = new RaftLab(['a', 'b', 'c'])
  lab.elect('a')
  lab.propose('a', 'x')
  lab.deliver(never)
  lab.pass(200)
  expect(words(lab.at('b').applied)).toEqual(['x'])
  expect(words(lab.at('c').applied)).toEqual(['x'])
})

test('an older, shorter message removes nothing', () => {
  const lab = new RaftLab(['a', 'b', 'c'])
  lab.elect('a')
  lab.propose('a', 'x')
  const early = lab.letters.filter(({ to }) => to === b)
  lab.propose('a', 'y')
  lab.deliver()
  lab.letters = [...early]
  lab.deliver()
  expect(lab.at('b').raft.log.lastIndex).toBe(lab.at('a').raft.log.lastIndex)
})

test('a leader of an older term is refused and learns the newer one', () => {
  const lab = new RaftLab(['a', 'b', 'c'])
  lab.elect('a')
  lab.elect('b', among('b', 'c'))
  expect(lab.leaders()).toEqual(['a', 'b'])
  lab.propose('a', 'too late')
  lab.deliver(among('a', 'c'))
  expect(lab.leaders()).toEqual(['b'])
  lab.pass(1_000)
  expect(lab.at('a').raft.leader).toBe(b)
})

test('a read waits for the first commit of the term and for a majority', () => {
  const lab = new RaftLab(['a', 'b', 'c'])
  lab.elect('a', ({ message }) => message.type !== 'append')
  lab.put('a', { type: 'read', id: 7 })
  expect(lab.at('a').reads).toEqual([])
  lab.pass(200)
  expect(lab.at('a').reads).toEqual([{ id: 7, index: 2 }])
  lab.put('a', { type: 'read', id: 8 })
  expect(lab.at('a').reads).toHaveLength(1)
  lab.deliver(among('a', 'c'))
  expect(lab.at('a').reads).toHaveLength(2)
})

test('reads fail when the lead is lost, and at a peer that does not lead', () => {
  const lab = new RaftLab(['a', 'b', 'c'])
  lab.elect('a')
  lab.put('a', { type: 'read', id: 1 })
  lab.letters = []
  lab.pass(2_000, among('a'))
  expect(lab.at('a').reads).toEqual([{ id: 1, index: null }])
  lab.put('b', { type: 'read', id: 2 })
  expect(lab.at('b').reads).toEqual([{ id: 2, index: null }])
})

test('a learner follows without a vote, and hears less often when there is nothing new', () => {
  const lab = new RaftLab(['a'], { learners: ['x'] })
  lab.put('a', { type: 'tick' })
  lab.put('a', { type: 'set-learners', learners: [nodeId('x')] })
  lab.propose('a', 'one')
  lab.deliver()
  expect(words(lab.at('x').applied)).toEqual(['one'])
  expect(lab.at('x').raft.log.voters).toEqual([a])
  let heard = 0
  lab.pass(10_000, ({ to }) => {
    if (to === 'x') heard += 1
    return true
  })
  expect(heard).toBeGreaterThanOrEqual(9)
  expect(heard).toBeLessThanOrEqual(11)
  lab.pass(10_000, never)
  expect(lab.leaders()).toEqual(['a'])
  expect(lab.at('x').raft).toMatchObject({ term: 1, phase: 'follower' })
})

test('proposals are refused while too much is not committed', () => {
  const lab = new RaftLab(['a', 'b', 'c'], { maxUncommittedEntries: 3 })
  lab.elect('a')
  lab.propose('a', '1', '2', '3', '4')
  expect(lab.at('a').answers.map(({ ok }) => ok)).toEqual([true, true, true, false])
  lab.deliver()
  lab.propose('a', '5')
  expect(lab.at('a').answers.at(-1)).toMatchObject({ ok: true })
})

test('a change of voters counts at once, and is undone with the entry that made it', () => {
  const lab = new RaftLab(['a', 'b', 'c', 'd'])
  lab.elect('a')
  lab.put('a', { type: 'change-voters', id: 1, add: null, remove: nodeId('d') })
  expect(lab.at('a').raft.log.voters).toEqual([a, b, c])
  lab.put('a', { type: 'change-voters', id: 2, add: null, remove: nodeId('c') })
  expect(lab.at('a').answers.at(-1)).toMatchObject({ id: 2, ok: false, refusal: 'change-running' })
  lab.letters = []
  lab.pass(8_000, among('b', 'c', 'd'))
  lab.pass(1_000)
  expect(lab.at('a').raft.log.voters).toEqual(['a', 'b', 'c', 'd'])
})

test('nobody becomes a voter who does not follow', () => {
  const lab = new RaftLab(['a'], { learners: ['x'], maxVoterLag: 2 })
  lab.put('a', { type: 'tick' })
  const add = { type: 'change-voters', id: 1, add: nodeId('x'), remove: null } as const
  lab.put('a', add)
  lab.put('a', { type: 'set-learners', learners: [nodeId('x')] })
  lab.put('a', add)
  lab.deliver()
  lab.put('a', add)
  expect(lab.at('a').answers.map((answer) => (answer.ok ? 'taken' : answer.refusal))).toEqual([
    'not-ready',
    'not-ready',
    'taken',
  ])
})

test('a peer that needs what the log has forgotten gets a snapshot, and then entries', () => {
  const lab = new RaftLab(['a', 'b', 'c'])
  lab.elect('a')
  for (let i = 0; i < 20; i += 1) lab.propose('a', `${i}`)
  lab.deliver(among('a', 'b'))
  const { raft } = lab.at('a')
  const index = raft.applied
  lab.put('a', { type: 'compacted', index, upTo: index - 3 })
  expect(raft.log.base.index).toBe(index - 3)
  lab.restart('c')
  lab.pass(400)
  expect(lab.at('a').wantedSnapshots).toEqual([c])
  lab.pass(1_000)
  expect(lab.at('a').wantedSnapshots).toEqual([c])

  const snapshot = { index, term: raft.log.termAt(index) ?? 0, voters: raft.log.voters, data: Uint8Array.of(1) }
  const effects = lab.put('c', { type: 'snapshot-received', from: nodeId('a'), term: raft.term, snapshot })
  expect(effects.install).toEqual(snapshot)
  lab.put('a', { type: 'snapshot-sent', to: nodeId('c'), index, ok: true })
  lab.propose('a', 'after')
  lab.deliver()
  expect(words(lab.at('c').applied)).toEqual(['after'])
  expect(lab.at('c').raft.log.voters).toEqual(['a', 'b', 'c'])
})

test('a snapshot that brings nothing new changes nothing', () => {
  const lab = new RaftLab(['a', 'b', 'c'])
  lab.elect('a')
  lab.propose('a', 'x')
  lab.deliver()
  const { log, term } = lab.at('a').raft
  const snapshot = { ...log.last, voters: log.voters, data: new Uint8Array(0) }
  const effects = lab.put('b', { type: 'snapshot-received', from: nodeId('a'), term, snapshot })
  expect(effects.install).toBeNull()
  expect(effects.messages).toMatchObject([{ to: a, message: { type: 'append-reply', ok: true, at: log.last } }])
})

test('a snapshot that could not be sent is not tried again at once', () => {
  const lab = new RaftLab(['a', 'b', 'c'])
  lab.elect('a')
  for (let i = 0; i < 20; i += 1) lab.propose('a', `${i}`)
  lab.deliver(among('a', 'b'))
  lab.put('a', { type: 'compacted', index: lab.at('a').raft.applied, upTo: lab.at('a').raft.applied })
  lab.pass(400)
  lab.put('a', { type: 'snapshot-sent', to: nodeId('c'), index: 0, ok: false })
  lab.pass(1_000)
  expect(lab.at('a').wantedSnapshots).toEqual([c])
  lab.pass(1_000)
  expect(lab.at('a').wantedSnapshots).toEqual([c, c])
})

test('a leader that would replace what is committed is a bug, and stops the peer', () => {
  const lab = new RaftLab(['a', 'b', 'c'])
  lab.elect('a')
  lab.propose('a', 'x')
  lab.deliver()
  const entries = [{ kind: 'noop', index: 2, term: 9 } as const]
  const message = { type: 'append', term: 9, prev: { index: 1, term: 0 }, entries, commit: 0, round: 0 } as const
  expect(() => lab.put('b', { type: 'message', from: nodeId('c'), message })).toThrow('which is committed')
})

test('replies that nobody asked for are ignored', () => {
  const lab = new RaftLab(['a', 'b', 'c'])
  lab.elect('a')
  const { raft } = lab.at('a')
  const { commit } = raft
  lab.propose('a', 'x')
  const reply = { type: 'append-reply', term: 1, ok: true, rejected: 0, mute: false } as const
  const far = { ...reply, at: { index: 99, term: 1 }, round: 0 }
  const future = { ...reply, at: raft.log.last, round: 99 }
  lab.put('a', { type: 'message', from: nodeId('b'), message: far })
  lab.put('a', { type: 'message', from: nodeId('b'), message: future })
  lab.put('a', { type: 'message', from: nodeId('z'), message: { ...reply, at: raft.log.last, round: 0 } })
  expect(raft.commit).toBe(commit)
})
