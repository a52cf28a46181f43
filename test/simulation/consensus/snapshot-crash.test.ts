import { expect, test } from 'vitest'
import { nodeId } from '../../../src/model/ids.ts'
import type { Peer } from '../../support/consensus-group.ts'
import { ConsensusGroup } from '../../support/consensus-group.ts'

const [ada, bob, cyd] = ['ada', 'bob', 'cyd'].map(nodeId) as [
  ReturnType<typeof nodeId>,
  ReturnType<typeof nodeId>,
  ReturnType<typeof nodeId>,
]
/** A state of some twenty slices, each of which waits for the disk for a millisecond. */
const words = Array.from({ length: 60 }, (_, i) => `word ${i}`)
const moments = Array.from({ length: 30 }, (_, i) => i)

test.each(moments)(
  'given a power cut %i ms into writing a snapshot, when the peer starts again, then all that was committed is there',
  async (after) => {
    const group = new ConsensusGroup(40 + after, { entries: 40, bytes: 1e6, keep: 10 })
    await group.found('ada')
    for (const word of words.slice(0, 49)) await group.commit(word)
    await group.world.runFor(after)
    group.crash(ada)
    const again = await group.start(ada, [ada])
    expect(again.machine.words).toEqual(words.slice(0, 49))
    for (const word of words.slice(49)) await group.commit(word)
    expect(again.machine.words).toEqual(words)
  },
)

test.each(moments)(
  'given a peer that dies %i ms into taking over a state, when it starts again, then it has nothing of it or all of it',
  async (after) => {
    const { group, leader } = await afar(80 + after)
    const peer = await group.start(cyd, [])
    await group.world.runUntil(() => peer.machine.hasRead, 30_000)
    await group.world.runFor(after)
    const seen = peer.machine.words
    expect(seen).toEqual(words.slice(0, seen.length))
    // No snapshot is of fewer entries.
    expect(seen.length === 0 || seen.length > 38).toBe(true)
    group.crash(cyd)
    const again = await group.start(cyd, [])
    await group.world.runUntil(() => again.machine.words.length === words.length, 30_000)
    expect(again.machine.words).toEqual(leader.machine.words)
  },
)

test.each(moments)(
  'given a peer that is stopped %i ms into taking over a state, then it ends in order, and takes it over the next time',
  async (after) => {
    const { group, leader } = await afar(120 + after)
    const peer = await group.start(cyd, [])
    await group.world.runUntil(() => peer.machine.hasRead, 30_000)
    await group.world.runFor(after)
    await group.settled(peer.service.stop())
    await group.world.runFor(5)
    group.crash(cyd)
    const again = await group.start(cyd, [])
    await group.world.runUntil(() => again.machine.words.length === words.length, 30_000)
    expect(again.machine.words).toEqual(leader.machine.words)
  },
)

/** A group of which one was away for so long that it needs a snapshot. */
async function afar(seed: number): Promise<{ readonly group: ConsensusGroup; readonly leader: Peer }> {
  const group = new ConsensusGroup(seed)
  await group.found('ada', 'bob', 'cyd')
  group.crash(cyd)
  group.disks.delete(cyd)
  for (const word of words) await group.commit(word)
  await group.world.runFor(500)
  const leader = await group.untilLeader()
  expect([ada, bob]).toContain(leader.id)
  return { group, leader }
}
