import { expect, test } from 'vitest'
import { nodeId } from '../../../src/model/ids.ts'
import type { NodeId } from '../../../src/model/ids.ts'
import { seededRandom } from '../../../src/simulation/world.ts'
import type { Peer } from '../../support/consensus-group.ts'
import { ConsensusGroup, word } from '../../support/consensus-group.ts'

const ids = ['ada', 'bob', 'cyd'].map(nodeId)

/** One life of three services; returns what was acknowledged and what each of them has in the end. */
async function live(seed: number) {
  const group = new ConsensusGroup(seed, { entries: 12, bytes: 1e6, keep: 4 })
  const random = seededRandom(seed + 1_000_000)
  const pick = (): NodeId => ids[Math.floor(random.next() * ids.length)] ?? nodeId('ada')
  const acknowledged: string[] = []
  const stale: string[] = []
  let sent = 0

  const write = (peer: Peer): void => {
    const text = `word ${++sent}`
    peer.service.propose(word(text)).then(
      () => acknowledged.push(text),
      () => 'it may or may not be there',
    )
  }
  const read = (peer: Peer): void => {
    const known = acknowledged.length
    peer.service.readIndex(new AbortController().signal).then(
      (index) => {
        if (index < known) stale.push(`${index} of ${known}`)
      },
      () => 'no lead, no read',
    )
  }
  const trouble = async (): Promise<void> => {
    const draw = random.next()
    const id = pick()
    if (draw < 0.25) group.crash(id, { silently: random.next() < 0.5 })
    else if (draw < 0.55 && !group.peers.has(id)) await group.start(id, ids)
    else if (draw < 0.65)
      group.network.partition(
        [id],
        ids.filter((other) => other !== id),
      )
    else if (draw < 0.66) group.network.cut(id, pick())
    else if (draw < 0.7) group.network.reset(id, pick())
    else if (draw < 0.74) group.network.pause(id)
    else if (draw < 0.8) group.network.resume(id)
    else group.network.heal()
  }

  group.network.faults.loss = random.next() < 0.5 ? 0 : 0.05
  await group.found(...ids)
  for (let turn = 0; turn < 100; turn += 1) {
    if (random.next() < 0.25) await trouble()
    for (const peer of group.peers.values()) {
      if (peer.service.status().role !== 'leader') continue
      write(peer)
      read(peer)
    }
    await group.world.runFor(50 + random.next() * 300)
  }

  group.network.heal()
  group.network.faults.loss = 0
  for (const id of ids) {
    group.network.resume(id)
    if (!group.peers.has(id)) await group.start(id, ids)
  }
  await group.world.runFor(8_000)
  await group.commit('the end')
  await group.world.runFor(2_000)
  return {
    acknowledged,
    stale,
    bugs: group.network.bugs,
    lists: [...group.peers.values()].map(({ machine }) => machine.words),
  }
}

test('services lose nothing that they acknowledged, and agree in the end', async () => {
  let total = 0
  for (let seed = 0; seed < 60; seed += 1) {
    const { acknowledged, stale, bugs, lists } = await live(seed)
    const [first = []] = lists
    expect({ seed, bugs, stale }).toEqual({ seed, bugs: [], stale: [] })
    for (const list of lists) expect({ seed, list }).toEqual({ seed, list: first })
    expect(first.at(-1)).toBe('the end')
    const there = new Set(first)
    expect({ seed, lost: acknowledged.filter((text) => !there.has(text)) }).toEqual({ seed, lost: [] })
    expect(there.size).toBe(first.length)
    total += acknowledged.length
  }
  expect(total).toBeGreaterThan(500)
})
