import { describe, expect, test } from 'vitest'
import { ClawError } from '../../../../../src/model/failure.ts'
import { hour, minute } from '../../../../../src/model/time.ts'
import type { CopyStore } from '../../../../../src/ports/volumes.ts'
import { JobInputs } from '../../../../../src/services/molt/buying/job-inputs.ts'
import { SimDisk } from '../../../../../src/simulation/disk.ts'
import { World } from '../../../../../src/simulation/world.ts'
import { play } from '../../../../support/play.ts'

const never = new AbortController().signal
const part = new Uint8Array(3)
const names = Array.from({ length: 64 }, (_, i) => `up-${i}`)

/** Copies that fit while there is room for them. */
class Copies implements CopyStore {
  readonly files = new Set<string>()
  hasRoom = true

  async write(name: string, content: AsyncIterable<Uint8Array>): ReturnType<CopyStore['write']> {
    let bytes = 0
    for await (const chunk of content) bytes += chunk.length
    if (!this.hasRoom) throw new ClawError('DISK_FULL', { path: '/copies' })
    this.files.add(name)
    return { bytes, sha256: 'a'.repeat(64) }
  }

  read(): ReturnType<CopyStore['read']> {
    return Promise.reject(new Error('nobody reads here'))
  }

  remove(name: string): Promise<void> {
    this.files.delete(name)
    return Promise.resolve()
  }
}

async function stage() {
  const world = new World(1)
  const copies = new Copies()
  const live = new Set<string>()
  const disk = new SimDisk({ random: world, clock: world, latency: 1 })
  const inputs = new JobInputs({ disk, copies, clock: world })
  await play(
    world,
    inputs.open((job) => live.has(job)),
  )
  const send = async (id: string): Promise<unknown> => {
    await play(world, inputs.uploads.put(id, 0, part, never))
    return play(world, inputs.uploads.finish(id))
  }
  return { world, copies, live, inputs, send }
}

describe('given archives of which none could be written', () => {
  test('when there is room again, then others are taken in at once', async () => {
    const { copies, inputs, send } = await stage()
    copies.hasRoom = false
    for (const id of names) await expect(send(id)).rejects.toMatchObject({ code: 'DISK_FULL' })
    copies.hasRoom = true
    await send('one-more')
    expect(inputs.find('one-more').bytes).toBe(3)
  })

  test('when their senders are gone in the middle, then others are taken in as well', async () => {
    const { world, inputs, send } = await stage()
    for (const id of names) {
      await play(world, inputs.uploads.put(id, 0, part, never))
      await world.runFor(3 * minute)
    }
    await send('one-more')
    expect(inputs.find('one-more').bytes).toBe(3)
  })
})

test('given an archive that is begun anew while it comes, then the end of the old one takes nothing of the new one away', async () => {
  const { world, copies, inputs, send } = await stage()
  await play(world, inputs.uploads.put('a', 0, part, never))
  await send('a')
  await world.runFor(minute)
  expect(inputs.find('a').bytes).toBe(3)
  expect([...copies.files]).toEqual(['input-a'])
})

test('given archives of jobs that are not known, when they are old, then they go and those of live jobs stay', async () => {
  const { world, copies, live, inputs, send } = await stage()
  for (const id of ['a', 'b']) await send(id)
  live.add('mj-b')
  await play(world, inputs.take(['a'], 'mj-a'))
  await play(world, inputs.take(['b'], 'mj-b'))
  await send('c')
  expect([...copies.files]).toEqual(['input-a', 'input-b', 'input-c'])
  await world.runFor(hour + minute)
  await send('d')
  expect([...copies.files]).toEqual(['input-b', 'input-d'])
})
