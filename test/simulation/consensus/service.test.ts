import { expect, test } from 'vitest'
import { nodeId } from '../../../src/model/ids.ts'
import { ConsensusGroup, word } from '../../support/consensus-group.ts'

const [ada, bob, cyd, dan] = ['ada', 'bob', 'cyd', 'dan'].map(nodeId) as [
  ReturnType<typeof nodeId>,
  ReturnType<typeof nodeId>,
  ReturnType<typeof nodeId>,
  ReturnType<typeof nodeId>,
]
const never = new AbortController().signal

test('the only voter leads as soon as it has started, and again after a restart', async () => {
  const group = new ConsensusGroup(1)
  const [first] = await group.found('ada')
  expect(first?.service.status()).toMatchObject({ role: 'leader', leader: ada, voters: [ada] })
  await group.commit('one')
  group.crash(ada)
  const again = await group.start(ada, [ada])
  expect(again.service.status()).toMatchObject({ role: 'leader', term: 2 })
  expect(again.machine.words).toEqual(['one'])
})

test('what the leader commits is applied by every voter', async () => {
  const group = new ConsensusGroup(2)
  const peers = await group.found('ada', 'bob', 'cyd')
  await group.commit('one')
  await group.commit('two')
  await group.world.runFor(200)
  for (const { machine } of peers) expect(machine.words).toEqual(['one', 'two'])
})

test('a peer that does not lead refuses', async () => {
  const group = new ConsensusGroup(3)
  await group.found('ada', 'bob', 'cyd')
  const leader = await group.untilLeader()
  const other = [...group.peers.values()].find(({ id }) => id !== leader.id)
  await expect(other?.service.propose(word('no'))).rejects.toMatchObject({ code: 'NO_LEADER' })
  await expect(other?.service.readIndex(never)).rejects.toMatchObject({ code: 'NO_LEADER' })
  await expect(other?.service.changeVoters({ add: dan, remove: null })).rejects.toMatchObject({ code: 'NO_LEADER' })
  await expect(other?.service.transfer(leader.id)).resolves.toBe(false)
})

test('a new leader takes writes within a second after the old one was killed', async () => {
  const waits: number[] = []
  for (let seed = 0; seed < 40; seed += 1) {
    const group = new ConsensusGroup(seed)
    await group.found('ada', 'bob', 'cyd')
    const { id } = await group.untilLeader()
    await group.commit('before')
    await group.world.runFor(500 + 37 * seed)
    const from = group.world.elapsed()
    group.crash(id)
    await group.commit('after')
    waits.push(group.world.elapsed() - from)
  }
  expect(Math.max(...waits)).toBeLessThan(1_000)
})

test('a new leader takes writes within five seconds after the old one was cut off silently', async () => {
  for (let seed = 0; seed < 40; seed += 1) {
    const group = new ConsensusGroup(seed)
    await group.found('ada', 'bob', 'cyd')
    const old = await group.untilLeader()
    await group.commit('before')
    const from = group.world.elapsed()
    group.crash(old.id, { silently: true })
    await group.commit('after')
    expect(group.world.elapsed() - from).toBeLessThan(5_000)
  }
})

test('a leader that is cut off stops to lead, and cannot serve reads', async () => {
  const group = new ConsensusGroup(5)
  await group.found('ada', 'bob', 'cyd')
  const old = await group.untilLeader()
  const others = [...group.peers.keys()].filter((id) => id !== old.id)
  group.network.partition([old.id], others)
  const read = old.service.readIndex(never)
  const write = old.service.propose(word('lost'))
  await expect(group.settled(read)).rejects.toMatchObject({ code: 'NO_LEADER' })
  await expect(group.settled(write)).rejects.toMatchObject({ code: 'NO_LEADER' })
  expect(old.service.status().role).not.toBe('leader')
  await group.world.runUntil(() => group.leader() !== undefined && group.leader()?.id !== old.id, 5_000)
  await group.commit('kept')
  group.network.heal()
  await group.world.runFor(3_000)
  expect(old.machine.words).toEqual(['kept'])
})

test('a read index covers everything that was acknowledged before', async () => {
  const group = new ConsensusGroup(6)
  await group.found('ada', 'bob', 'cyd')
  const index = await group.commit('one')
  const leader = await group.untilLeader()
  expect(await group.settled(leader.service.readIndex(never))).toBeGreaterThanOrEqual(index)
})

test('a reader that gives up is told so', async () => {
  const group = new ConsensusGroup(7)
  await group.found('ada', 'bob', 'cyd')
  const leader = await group.untilLeader()
  const others = [...group.peers.keys()].filter((id) => id !== leader.id)
  group.network.partition([leader.id], others)
  const controller = new AbortController()
  const read = leader.service.readIndex(controller.signal)
  controller.abort(new Error('no time'))
  await expect(read).rejects.toThrow('no time')
})

test('a peer that joins follows as a learner, becomes a voter, and the others can go', async () => {
  const group = new ConsensusGroup(8)
  const [founder] = await group.found('ada')
  await group.commit('one')
  const joined = await group.start(bob, [])
  expect(joined.service.status()).toMatchObject({ role: 'learner', voters: [], leader: null })
  founder?.service.setLearners([bob])
  await group.world.runUntil(() => joined.machine.words.length === 1, 5_000)
  expect(joined.service.status()).toMatchObject({ role: 'learner', leader: ada, voters: [ada] })

  await group.settled(founder?.service.changeVoters({ add: bob, remove: null }) ?? Promise.resolve())
  await group.world.runFor(500)
  expect(joined.service.status()).toMatchObject({ role: 'follower', voters: [ada, bob] })
  expect(await group.settled(founder?.service.transfer(bob) ?? Promise.resolve(false))).toBe(true)
  await group.world.runFor(500)
  await group.settled(joined.service.changeVoters({ add: null, remove: ada }))
  group.crash(ada)
  await group.commit('two')
  expect(joined.machine.words).toEqual(['one', 'two'])
})

test('a leader that removes itself hands over and stops to lead', async () => {
  const group = new ConsensusGroup(9)
  await group.found('ada', 'bob', 'cyd')
  const old = await group.untilLeader()
  await group.commit('one')
  await group.settled(old.service.changeVoters({ add: null, remove: old.id }))
  await group.world.runUntil(() => group.leader() !== undefined && group.leader()?.id !== old.id, 1_000)
  expect(group.leader()?.service.status().voters).not.toContain(old.id)
  expect(old.service.status().role).toBe('learner')
})

test('voters that do not follow, or are voters already, are refused', async () => {
  const group = new ConsensusGroup(10)
  await group.found('ada', 'bob', 'cyd')
  const { service } = await group.untilLeader()
  await group.commit('one')
  for (const change of [
    { add: dan, remove: null },
    { add: bob, remove: null },
    { add: null, remove: dan },
    { add: null, remove: null },
    { add: dan, remove: bob },
  ])
    await expect(group.settled(service.changeVoters(change))).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
})

test('of two voter changes at once, one is refused', async () => {
  const group = new ConsensusGroup(11)
  await group.found('ada', 'bob', 'cyd')
  const { service, id } = await group.untilLeader()
  await group.commit('one')
  const [first, second] = [ada, bob, cyd].filter((voter) => voter !== id)
  const removals = [first, second].map((remove) => service.changeVoters({ add: null, remove: remove ?? null }))
  const results = await group.settled(Promise.allSettled(removals))
  expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
})

test('a peer that was away too long gets a snapshot in parts, and goes on from there', async () => {
  const group = new ConsensusGroup(12)
  await group.found('ada', 'bob', 'cyd')
  const leader = await group.untilLeader()
  const away = [ada, bob, cyd].find((id) => id !== leader.id) ?? ada
  group.crash(away)
  const large = 'x'.repeat(20_000)
  for (let i = 0; i < 120; i += 1) await group.commit(`${i} ${large}`)
  const back = await group.start(away, [])
  await group.world.runUntil(() => back.machine.words.length === 120, 20_000)
  await group.commit('after')
  await group.world.runFor(500)
  expect(back.machine.words.at(-1)).toBe('after')
  expect(back.machine.words).toEqual(leader.machine.words)
  group.crash(away)
  const again = await group.start(away, [])
  await group.world.runUntil(() => again.machine.words.length === 121, 20_000)
  expect(again.machine.words.at(-1)).toBe('after')
})

test('a leader whose disk is full steps aside, and comes back when there is space', async () => {
  const group = new ConsensusGroup(13)
  await group.found('ada', 'bob', 'cyd')
  const full = await group.untilLeader()
  await group.commit('before')
  const disk = group.disks.get(full.id)
  if (disk === undefined) throw new Error('the leader has no disk')
  disk.capacity = disk.used
  await expect(group.settled(full.service.propose(word('no space')))).rejects.toMatchObject({ code: 'NO_LEADER' })
  await expect(full.service.propose(word('still none'))).rejects.toMatchObject({ code: 'NO_LEADER' })
  await group.world.runUntil(() => group.leader() !== undefined && group.leader()?.id !== full.id, 10_000)
  await group.commit('elsewhere')
  expect(full.machine.words).toEqual(['before'])
  disk.capacity = Infinity
  await group.world.runUntil(() => full.machine.words.includes('elsewhere'), 30_000)
  expect(full.service.status().role).toBe('follower')
})

test('a single voter whose disk is full refuses, and leads again when there is space', async () => {
  const group = new ConsensusGroup(14)
  const [only] = await group.found('ada')
  await group.commit('before')
  const disk = group.disks.get(ada)
  if (disk === undefined || only === undefined) throw new Error('there is no peer')
  disk.capacity = disk.used
  await expect(group.settled(only.service.propose(word('no space')))).rejects.toMatchObject({ code: 'NO_LEADER' })
  await group.world.runFor(5_000)
  expect(only.service.status().role).not.toBe('leader')
  disk.capacity = Infinity
  await group.commit('after')
  expect(only.machine.words.filter((text) => text !== 'no space')).toEqual(['before', 'after'])
})

test('a peer whose journal is damaged again, before its word counts, follows once more', async () => {
  const group = new ConsensusGroup(18)
  await group.found('ada', 'bob', 'cyd')
  const leader = await group.untilLeader()
  const hurt = [ada, bob, cyd].find((id) => id !== leader.id) ?? ada
  for (const words of [1, 2, 3, 4]) {
    await group.commit(`word ${words}`)
    group.crash(hurt)
    group.disks.get(hurt)?.rot('raft', 40)
    const back = await group.start(hurt, [ada, bob, cyd])
    await group.world.runUntil(() => back.machine.words.length === words, 10_000)
    expect(back.machine.words).toHaveLength(words)
  }
})

test('a peer that was given an old copy of its disk gets what it has lost again', async () => {
  const group = new ConsensusGroup(19)
  await group.found('ada', 'bob', 'cyd')
  const leader = await group.untilLeader()
  const late = [ada, bob, cyd].find((id) => id !== leader.id) ?? ada
  await group.commit('early')
  const disk = group.disks.get(late)
  const copy = (await disk?.openJournal('raft'))?.records ?? []
  for (const words of ['one', 'two', 'three']) await group.commit(words)
  group.crash(late)
  const journal = await disk?.openJournal('raft')
  await group.settled(journal?.rewrite(copy) ?? Promise.resolve())
  const back = await group.start(late, [ada, bob, cyd])
  await group.world.runUntil(() => back.machine.words.length === 4, 10_000)
  expect(back.machine.words).toEqual(['early', 'one', 'two', 'three'])
})

test('a peer whose journal is damaged follows again, but its word does not count', async () => {
  const group = new ConsensusGroup(15)
  await group.found('ada', 'bob', 'cyd')
  const leader = await group.untilLeader()
  await group.commit('one')
  await group.commit('two')
  const hurt = [ada, bob, cyd].find((id) => id !== leader.id) ?? ada
  const sound = [ada, bob, cyd].find((id) => id !== leader.id && id !== hurt) ?? ada
  group.crash(hurt)
  group.disks.get(hurt)?.rot('raft', 40)
  const back = await group.start(hurt, [ada, bob, cyd])
  await group.world.runUntil(() => back.machine.words.length === 2, 10_000)
  expect(leader.service.status().followers.find(({ node }) => node === hurt)?.matched).toBe(0)

  group.crash(sound)
  const lonely = leader.service.propose(word('nobody else counts'))
  await expect(group.settled(lonely)).rejects.toMatchObject({ code: 'NO_LEADER' })
  await group.start(sound, [])
  await group.commit('three')
  const now = await group.untilLeader()
  expect(now.id).not.toBe(hurt)
  await group.settled(now.service.changeVoters({ add: null, remove: hurt }))
  now.service.setLearners([hurt])
  await group.world.runUntil(() => back.machine.words.includes('three'), 10_000)
  await expect(group.settled(now.service.changeVoters({ add: hurt, remove: null }))).rejects.toMatchObject({
    code: 'INVALID_REQUEST',
  })
})

test('a command that is too large is refused', async () => {
  const group = new ConsensusGroup(16)
  const [only] = await group.found('ada')
  await expect(only?.service.propose(new Uint8Array(600 * 1024))).rejects.toMatchObject({ code: 'TOO_LARGE' })
})

test('a peer that stops refuses those who still wait', async () => {
  const group = new ConsensusGroup(17)
  await group.found('ada', 'bob', 'cyd')
  const leader = await group.untilLeader()
  const write = leader.service.propose(word('too late'))
  const stopping = leader.service.stop()
  await expect(group.settled(write)).rejects.toMatchObject({ code: 'NO_LEADER' })
  await group.settled(stopping)
  await expect(leader.service.propose(word('later'))).rejects.toMatchObject({ code: 'NO_LEADER' })
})

test('many proposals at once share their flushes', async () => {
  const group = new ConsensusGroup(18)
  await group.found('ada', 'bob', 'cyd')
  const leader = await group.untilLeader()
  await group.commit('warm')
  const from = group.world.elapsed()
  const all = Array.from({ length: 2_000 }, (_, i) => leader.service.propose(word(`word ${i}`)))
  await group.settled(Promise.all(all))
  expect(group.world.elapsed() - from).toBeLessThan(1_000)
  expect(leader.machine.words).toHaveLength(2_001)
})
