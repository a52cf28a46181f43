import { expect, test } from 'vitest'
import { nodeId } from '../../../../src/model/ids.ts'
import type { Entry } from '../../../../src/model/raft.ts'
import { silent } from '../../../../src/ports/log.ts'
import { RaftStore } from '../../../../src/services/consensus/raft-store.ts'
import { SimDisk } from '../../../../src/simulation/disk.ts'
import { seededRandom } from '../../../../src/simulation/world.ts'

const founders = ['a', 'b', 'c'].map(nodeId)
const noop = (index: number, term: number): Entry => ({ kind: 'noop', index, term })
const state = { index: 3, term: 1, voters: founders, data: Uint8Array.of(9, 9) }
const make = () => {
  const disk = new SimDisk({ random: seededRandom(1) })
  return { disk, store: new RaftStore(disk, silent, () => Promise.resolve()) }
}

/** A store with three entries, and a snapshot that covers the first of them. */
async function used() {
  const { disk, store } = make()
  const { log } = await store.open(founders)
  const entries = [noop(2, 1), noop(3, 1), noop(4, 1)]
  await store.append({ hard: { term: 1, vote: founders[0] ?? null, mute: false }, entries, done: { type: 'tick' } })
  log.append(entries)
  await store.writeSnapshot(state, [state.data.subarray(0, 1), state.data.subarray(1)])
  log.compact(2)
  await store.rewrite({ term: 1, vote: founders[0] ?? null, mute: false }, log)
  await store.close()
  return { disk, store }
}

test('the first start begins with the founders, and later ones do not ask for them', async () => {
  const { store } = make()
  expect((await store.open(founders)).log.voters).toEqual(founders)
  expect((await store.open([])).log.voters).toEqual(founders)
})

test('what was kept is there again', async () => {
  const { store } = await used()
  const { hard, log, snapshot } = await store.open([])
  expect(hard).toEqual({ term: 1, vote: 'a', mute: false })
  expect([log.base.index, log.lastIndex, log.voters]).toEqual([2, 4, founders])
  expect(snapshot).toEqual(state)
})

test('a damaged journal makes the peer mute, from its snapshot on', async () => {
  const { disk, store } = await used()
  disk.rot('raft', 40)
  const { hard, log, snapshot } = await store.open(founders)
  expect(hard).toEqual({ term: 1, vote: null, mute: true })
  expect(log.base).toMatchObject({ index: 3, term: 1 })
  expect(snapshot).toEqual(state)
  expect((await store.open(founders)).hard.mute).toBe(true)
})

test('a log whose snapshot is damaged or gone is lost', async () => {
  for (const harm of [
    (disk: SimDisk) => disk.removeBlob('raft-snapshot'),
    (disk: SimDisk) => disk.writeBlob('raft-snapshot', Uint8Array.of(1, 2, 3)),
    (disk: SimDisk) => disk.writeBlob('raft-snapshot', new Uint8Array(40)),
  ]) {
    const { disk, store } = await used()
    await harm(disk)
    const { hard, log, snapshot } = await store.open(founders)
    expect([hard.mute, log.lastIndex, log.voters, snapshot]).toEqual([true, 0, [], null])
  }
})

test('records that make no log are a loss, and told', async () => {
  const { disk, store } = await used()
  const journal = await disk.openJournal('raft')
  await journal.append([Uint8Array.of(77)])
  expect((await store.open(founders)).hard.mute).toBe(true)
})

test('a store that is not open takes nothing', async () => {
  const { store } = make()
  await expect(store.append({ hard: null, entries: [], done: { type: 'tick' } })).rejects.toThrow('not open')
})
