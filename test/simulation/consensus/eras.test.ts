/** Consensus begun anew on a survivor, under crashes, partitions and the return of those who were given up. */
import { joined, type Slices } from '../../../src/lib/slices.ts'
import { expect, test } from 'vitest'
import { eraOf } from '../../../src/core/consensus/era.ts'
import { nodeId } from '../../../src/model/ids.ts'
import type { NodeId } from '../../../src/model/ids.ts'
import { seededRandom } from '../../../src/simulation/world.ts'
import type { Peer } from '../../support/consensus-group.ts'
import { ConsensusGroup, word } from '../../support/consensus-group.ts'

const ids = ['ada', 'bob', 'cyd'].map(nodeId)
const [ada, bob, cyd] = ids as [NodeId, NodeId, NodeId]

/** In as many slices as it is asked to have. */
function* inSlices(data: () => Uint8Array, slices = 1): Slices<void, Uint8Array> {
  const made = data()
  for (let i = 0; i < slices; i += 1) yield
  return made
}

const recover = (group: ConsensusGroup, { service, machine, id }: Peer, leap = 1): Promise<void> => {
  const data = () => inSlices(() => joined(machine.snapshot()))
  return group.settled(service.beginEra({ leap, voters: [id], withUncommitted: true, data }))
}

const peerOf = (group: ConsensusGroup, id: NodeId): Peer => {
  const peer = group.peers.get(id)
  if (peer === undefined) throw new Error(`${id} is not up`)
  return peer
}

/** Three voters that have all decided on one word. */
async function agreed(seed: number): Promise<ConsensusGroup> {
  const group = new ConsensusGroup(seed)
  await group.found('ada', 'bob', 'cyd')
  await group.commit('one')
  await group.world.runFor(500)
  return group
}

/** The same, of which only ada is left. */
async function bereft(seed: number): Promise<ConsensusGroup> {
  const group = await agreed(seed)
  group.crash(bob)
  group.crash(cyd)
  await group.world.runFor(5_000)
  return group
}

const othersThan = (id: NodeId): NodeId[] => ids.filter((other) => other !== id)

test('given that two of three voters are lost, when the third begins a new era, then it decides alone and has all that it had', async () => {
  const group = await bereft(1)
  const survivor = peerOf(group, ada)
  await recover(group, survivor)
  await group.commit('two')
  expect(survivor.service.status()).toMatchObject({ role: 'leader', voters: [ada] })
  expect(survivor.machine.words).toEqual(['one', 'two'])

  group.crash(ada)
  const again = await group.start(ada, ids)
  await group.commit('three')
  expect(again.service.status()).toMatchObject({ role: 'leader', voters: [ada] })
  expect(again.machine.words).toEqual(['one', 'two', 'three'])
})

test('given a survivor, when the others come back with what they had, then they follow and never lead by the old voters', async () => {
  const group = await agreed(2)
  group.network.partition([ada], [bob, cyd])
  await group.world.runUntil(
    () => [bob, cyd].some((id) => peerOf(group, id).service.status().role === 'leader'),
    10_000,
  )
  const lone = [bob, cyd].map((id) => peerOf(group, id)).find(({ service }) => service.status().role === 'leader')
  await group.settled(lone?.service.propose(word('given up')) ?? Promise.reject(new Error('nobody leads')))
  const survivor = peerOf(group, ada)
  await group.world.runFor(10_000)
  await recover(group, survivor)
  await group.commit('two')
  survivor.service.setLearners([bob, cyd])
  group.network.heal()
  await group.world.runUntil(
    () => [bob, cyd].every((id) => peerOf(group, id).machine.words.join() === 'one,two'),
    20_000,
  )
  expect(peerOf(group, bob).replaced).toEqual([JSON.stringify(['one', 'given up'])])

  // The two alone were a majority once. They are none any more.
  group.network.partition([ada], [bob, cyd])
  await group.world.runFor(20_000)
  for (const id of [bob, cyd])
    expect(peerOf(group, id).service.status()).toMatchObject({ role: 'learner', leader: null })
})

test('given a peer that has heard of a later era only, when its leader dies, then it neither stands nor makes another old voter lead', async () => {
  const group = await bereft(3)
  await recover(group, peerOf(group, ada))
  await group.commit('two')
  peerOf(group, ada).service.setLearners([bob, cyd])
  await group.start(bob, ids)
  await group.start(cyd, ids)
  await group.world.runUntil(
    () => [bob, cyd].every((id) => eraOf(peerOf(group, id).service.status().term) === 1),
    10_000,
  )
  group.crash(ada)
  await group.world.runFor(20_000)
  expect(group.leader()).toBeUndefined()
})

test('given two survivors that were both told to begin anew by mistake, when they meet, then the later era is taken by both', async () => {
  const group = await agreed(4)
  group.crash(cyd)
  group.network.partition([ada], [bob])
  await group.world.runFor(5_000)
  await recover(group, peerOf(group, ada), 3)
  await recover(group, peerOf(group, bob), 5)
  await group.settled(peerOf(group, ada).service.propose(word('by ada')))
  await group.settled(peerOf(group, bob).service.propose(word('by bob')))
  peerOf(group, bob).service.setLearners([ada])
  peerOf(group, ada).service.setLearners([bob])
  group.network.heal()
  await group.world.runUntil(() => peerOf(group, ada).machine.words.join() === 'one,by bob', 20_000)
  expect(peerOf(group, ada).service.status()).toMatchObject({ role: 'learner', leader: bob, voters: [bob] })
})

test('given a working group, when its leader begins an era with the same voters and another state, then all of them take that', async () => {
  const group = new ConsensusGroup(5)
  await group.found('ada', 'bob', 'cyd')
  await group.commit('one')
  const leader = await group.untilLeader()
  const voters = leader.service.status().voters
  const data = () => inSlices(() => word(JSON.stringify(['zero'])))
  await group.settled(leader.service.beginEra({ leap: 1, voters, withUncommitted: false, data }))
  await group.commit('next')
  await group.world.runUntil(
    () => [...group.peers.values()].every(({ machine }) => machine.words.join() === 'zero,next'),
    20_000,
  )
  expect(group.leader()?.service.status().voters).toEqual(voters)
})

test('given a large state, when an era begins with it, then others have their turns while it is made, and nothing is decided', async () => {
  const group = new ConsensusGroup(8)
  await group.found('ada')
  await group.commit('one')
  const { service, machine } = peerOf(group, ada)
  let [turns, isMade] = [0, false]
  const turn = (): void => {
    if (isMade) return
    turns += 1
    group.world.after(0, turn)
  }
  function* data(): Slices<void, Uint8Array> {
    group.world.after(0, turn)
    const made = yield* inSlices(() => joined(machine.snapshot()), 200)
    isMade = true
    return made
  }
  const begun = service.beginEra({ leap: 1, voters: [ada], withUncommitted: true, data })
  const proposed = service.propose(word('between')).catch(() => 'given up')
  await group.settled(begun)
  await group.settled(proposed)
  expect(turns).toBeGreaterThan(100)
  expect(machine.words[0]).toBe('one')
  await group.commit('after')
  expect(machine.words.at(-1)).toBe('after')
})

/** One life: words are written under trouble, then two are lost, the third recovers, and they come back when nobody expects them. */
async function live(seed: number) {
  const group = new ConsensusGroup(seed, { entries: 12, bytes: 1e6, keep: 4 })
  const random = seededRandom(seed + 2_000_000)
  const pick = <T>(of: readonly T[]): T | undefined => of[Math.floor(random.next() * of.length)]
  let sent = 0
  const write = (peer: Peer): void => {
    peer.service.propose(word(`word ${++sent}`)).catch(() => 'it may or may not be there')
  }
  const leaders = (): Peer[] => [...group.peers.values()].filter(({ service }) => service.status().role === 'leader')
  const turns = async (count: number, trouble: () => Promise<void> | void): Promise<void> => {
    for (let turn = 0; turn < count; turn += 1) {
      if (random.next() < 0.3) await trouble()
      for (const peer of leaders()) write(peer)
      await group.world.runFor(50 + random.next() * 200)
    }
  }

  await group.found(...ids)
  await turns(20, () => {
    const id = pick(ids) ?? ada
    if (random.next() < 0.5) group.network.partition([id], othersThan(id))
    else group.network.heal()
  })
  const survivor = pick(ids) ?? ada
  const lost = othersThan(survivor)
  if (random.next() < 0.5) for (const id of lost) group.crash(id, { silently: random.next() < 0.5 })
  else group.network.partition([survivor], lost)
  await group.world.runFor(random.next() * 4_000)

  const held = peerOf(group, survivor)
  const before = [...held.machine.words]
  await recover(group, held, 1 + Math.floor(random.next() * 4))
  held.service.setLearners(lost)
  const begun = [...held.machine.words]
  const eras = new Set<number>()
  await turns(30, async () => {
    const id = pick(lost) ?? ada
    const draw = random.next()
    if (draw < 0.3) group.crash(id)
    else if (draw < 0.6 && !group.peers.has(id)) await group.start(id, ids)
    else if (draw < 0.75) group.network.partition([survivor], lost)
    else if (draw < 0.8) {
      group.crash(survivor)
      await group.start(survivor, ids)
      peerOf(group, survivor).service.setLearners(lost)
    } else group.network.heal()
    for (const { id: leader, service } of leaders()) if (leader !== survivor) eras.add(eraOf(service.status().term))
  })

  group.network.heal()
  for (const id of lost) if (!group.peers.has(id)) await group.start(id, ids)
  peerOf(group, survivor).service.setLearners(lost)
  await group.world.runFor(8_000)
  await group.settled(peerOf(group, survivor).service.propose(word('the end')))
  await group.world.runFor(3_000)
  const lists = ids.map((id) => peerOf(group, id).machine.words)
  return {
    before,
    begun,
    lists,
    eras: [...eras],
    bugs: group.network.bugs,
    statuses: ids.map((id) => peerOf(group, id).service.status()),
  }
}

test('a survivor loses nothing that it had, all agree with it in the end, and nobody led the new era but itself', async () => {
  for (let seed = 0; seed < 60; seed += 1) {
    const { before, begun, lists, eras, bugs, statuses } = await live(seed)
    expect({ seed, bugs }).toEqual({ seed, bugs: [] })
    expect({ seed, kept: begun.slice(0, before.length) }).toEqual({ seed, kept: before })
    const [first = []] = lists
    expect({ seed, start: first.slice(0, begun.length) }).toEqual({ seed, start: begun })
    for (const list of lists) expect({ seed, list }).toEqual({ seed, list: first })
    expect({ seed, last: first.at(-1), twice: first.length - new Set(first).size }).toEqual({
      seed,
      last: 'the end',
      twice: 0,
    })
    expect({ seed, eras: eras.filter((era) => era > 0) }).toEqual({ seed, eras: [] })
    expect(statuses.filter(({ role }) => role === 'leader')).toHaveLength(1)
  }
})
