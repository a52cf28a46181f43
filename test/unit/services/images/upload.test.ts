import { describe, expect, test } from 'vitest'
import { ClawError } from '../../../../src/model/failure.ts'
import { hour, minute } from '../../../../src/model/time.ts'
import type { StoredImage } from '../../../../src/ports/images.ts'
import { Uploads } from '../../../../src/services/images/upload.ts'
import { simNetwork } from '../../../../src/simulation/network.ts'
import { World } from '../../../../src/simulation/world.ts'
import { nodeId } from '../../../../src/model/ids.ts'

const never = new AbortController().signal
/** More than may wait for the engine. */
const much = new Uint8Array(9 * 1_048_576)
const clockOf = (world: World) => simNetwork(world).host(nodeId('ada')).clock

describe('given an engine that is done before the sender', () => {
  test('when it has all it wants, then what follows is passed over and the end tells what it took', async () => {
    const images: readonly StoredImage[] = []
    const uploads = new Uploads(clockOf(new World(1)), () => Promise.resolve(images))
    expect(await uploads.put('a', 0, much, never)).toBe(much.length)
    expect(await uploads.put('a', much.length, much, never)).toBe(2 * much.length)
    expect(await uploads.finish('a')).toBe(images)
  })

  test('when it refuses it, then whoever sends hears why', async () => {
    const refused = new ClawError('INVALID_REQUEST', { problem: 'no archive' })
    const uploads = new Uploads(clockOf(new World(1)), () => Promise.reject(refused))
    await expect(uploads.put('a', 0, much, never)).rejects.toBe(refused)
  })
})

test('given a whole file, when the engine takes longer than a sender may, then it is not given up', async () => {
  const world = new World(1)
  const clock = clockOf(world)
  const load = async (archive: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<readonly StoredImage[]> => {
    // One part a minute: the engine is behind, and goes on when the last part is here.
    for await (const part of archive) await new Promise<void>((done) => void clock.after(part.length * minute, done))
    await new Promise<void>((done) => void clock.after(hour, done))
    signal.throwIfAborted()
    return []
  }
  const uploads = new Uploads(clock, load)
  for (let at = 0; at < 4; at += 1) await uploads.put('a', at, new Uint8Array(1), never)
  const finished = uploads.finish('a')
  let isOver = false
  const over = (): void => void (isOver = true)
  finished.then(over, over)
  await world.runUntil(() => isOver, 3 * hour)
  expect(await finished).toEqual([])
})

describe('given a taker that takes nothing, and heeds no signal, while a sender waits for it', () => {
  const stuck = (world: World): Uploads<never> => new Uploads(clockOf(world), () => new Promise<never>(() => {}))

  test('when the file is begun anew, then the sender hears of it and the new one is taken in', async () => {
    const uploads = stuck(new World(1))
    const waiting = uploads.put('a', 0, much, never)
    const again = uploads.put('a', 0, new Uint8Array(1), never)
    await expect(waiting).rejects.toThrow('the file was begun anew')
    expect(await again).toBe(1)
  })

  test('when nobody goes on with it for long enough, then the sender hears that it was given up', async () => {
    const world = new World(1)
    const uploads = stuck(world)
    let why: unknown = null
    const waiting = uploads.put('a', 0, much, never).catch((error: unknown) => (why = error))
    await world.runUntil(() => why !== null, hour)
    await waiting
    expect(why).toMatchObject({ code: 'DEADLINE_EXCEEDED' })
    await expect(uploads.finish('a')).rejects.toThrow('send it again')
  })
})

test('given a taker in the midst of a part, when the file is begun anew, then it is told, and its end is not taken for that of the file', async () => {
  const goOn = Promise.withResolvers<void>()
  const ends: unknown[] = []
  const load = async (file: AsyncIterable<Uint8Array>): Promise<number> => {
    let bytes = 0
    try {
      for await (const part of file) {
        bytes += part.length
        await goOn.promise
      }
    } catch (error) {
      ends.push(error)
      throw error
    }
    return bytes
  }
  const uploads = new Uploads(clockOf(new World(1)), load)
  await uploads.put('a', 0, new Uint8Array(1), never)
  await uploads.put('a', 1, new Uint8Array(1), never)
  const finished = uploads.finish('a').catch((error: unknown) => error)
  await uploads.put('a', 0, new Uint8Array(3), never)
  goOn.resolve()
  expect(await finished).toMatchObject({ message: expect.stringContaining('begun anew') as string })
  expect(ends).toHaveLength(1)
  expect(await uploads.finish('a')).toBe(3)
})
