import { expect, test } from 'vitest'
import { KeptRecords } from '../../../../src/services/molt/kept-records.ts'
import { SimDisk } from '../../../../src/simulation/disk.ts'
import { World } from '../../../../src/simulation/world.ts'

const kept = {
  file: 'things',
  write: (value: string) => JSON.stringify(value),
  read: (text: string) => JSON.parse(text) as string,
}

function lab() {
  const world = new World(1)
  const disk = new SimDisk({ random: world, clock: world, latency: 1 })
  const play = async <T>(work: Promise<T>): Promise<T> => {
    let isDone = false
    const done = work.finally(() => (isDone = true))
    await world.runUntil(() => isDone, 600_000)
    return done
  }
  const opened = async () => {
    const records = new KeptRecords(disk, kept)
    await play(records.open())
    return records
  }
  return { play, opened }
}

test('given many that write at once, while the journal is written anew, then each is found again as it was last', async () => {
  const { play, opened } = lab()
  const records = await opened()
  const names = Array.from({ length: 50 }, (_, i) => `n${i}`)
  for (let round = 0; round < 30; round += 1) {
    await play(Promise.all(names.map((name) => records.put(name, `${name} ${round}`))))
    const again = await opened()
    expect(again.all()).toEqual(names.map((name) => `${name} ${round}`))
    await play(again.close())
  }
  await play(records.remove('n0'))
  await play(records.close())
  expect((await opened()).all()).toEqual(names.slice(1).map((name) => `${name} 29`))
})

test('given a journal of something else, then it is not read as if it were whole', async () => {
  const { play, opened } = lab()
  const records = await opened()
  await play(records.put('a', 'x'))
  await play(records.close())
  kept.read = () => {
    throw new SyntaxError('no such thing')
  }
  await expect(opened()).rejects.toMatchObject({ code: 'STATE_CORRUPT' })
})
