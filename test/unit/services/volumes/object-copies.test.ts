/** What a node copies from a store of objects, with an engine and a store that a test may have fail. */
import { setImmediate } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { createState } from '../../../../src/core/state/state.ts'
import { ClawError } from '../../../../src/model/failure.ts'
import type { MeshId } from '../../../../src/model/ids.ts'
import { silent } from '../../../../src/ports/log.ts'
import type { EngineVolume } from '../../../../src/ports/volumes.ts'
import { ObjectCopies } from '../../../../src/services/volumes/object-copies.ts'
import { World } from '../../../../src/simulation/world.ts'
import { ada } from '../../../support/control-samples.ts'
import { storeVolume } from '../../../support/store-volume.ts'

const never = new AbortController().signal
const volume = storeVolume({ access: 'ROX', bucket: 'models', node: null })

interface Hooks {
  read: (key: string, signal: AbortSignal) => void | Promise<void>
  unpack: () => void
  users: () => void | Promise<void>
}

function lab({ mostInAll = 1_000_000 } = {}) {
  const world = new World(1)
  /** What the engine has, and what is in it. */
  const engine = new Map<string, { readonly made: EngineVolume; content: string }>()
  const objects = new Map<string, string>([['a', 'one']])
  const users = new Set<string>()
  /** What a daemon that has died was still copying. */
  const left = new Set<string>()
  const asked: string[] = []
  const hooks: Hooks = { read: () => {}, unpack: () => {}, users: () => {} }
  const copies = new ObjectCopies({
    ...{ self: ada, mesh: 'mesh-abcdefgh1234' as MeshId, control: { state: createState() }, clock: world, log: silent },
    ...{ mostBytes: 100, mostInAll },
    vault: { values: async () => [Buffer.from('id:key')] },
    open: () => ({
      list: async () =>
        [...objects].map(([key, text]) => ({ key, bytes: text.length, etag: `e-${text}`, modified: 0 })),
      async *read({ key, etag }, signal) {
        await hooks.read(key, signal)
        asked.push(key)
        if (`e-${objects.get(key) ?? ''}` !== etag) throw new ClawError('VOLUME_COPY_CUT', { detail: `${key} changed` })
        yield Buffer.from(objects.get(key) ?? '')
      },
      write: () => Promise.reject(new Error('what work only reads is not written')),
      remove: () => Promise.reject(new Error('what work only reads is not removed')),
    }),
    engine: {
      ensure: async (made) => void (engine.has(made.name) || engine.set(made.name, { made, content: '' })),
      known: async (labels) =>
        [...engine.values()]
          .filter(({ made }) => Object.entries(labels).every(([key, value]) => made.labels[key] === value))
          .map(({ made }) => ({ name: made.name, labels: made.labels })),
      users: async (name) => {
        await hooks.users()
        return [
          ...(users.has(name) ? [{ placement: null, isRunning: true }] : []),
          ...(left.has(name) ? [{ placement: null, isRunning: false }] : []),
        ]
      },
      remove: async (name) => {
        if (left.has(name)) throw new ClawError('CONTAINER_FAILED', { detail: 'volume is in use' })
        engine.delete(name)
      },
      abandon: async (name) => void left.delete(name),
      async unpack(content, archive) {
        const name = 'volume' in content ? content.volume : ''
        const parts: Uint8Array[] = []
        for await (const chunk of archive) {
          parts.push(chunk)
          hooks.unpack()
        }
        const found = engine.get(name)
        if (found !== undefined) found.content = Buffer.concat(parts).toString('latin1')
      },
    },
  })
  const told: string[] = []
  const take = (signal = never, parts: Partial<typeof volume> = {}) =>
    copies.ready({ ...volume, ...parts }, (text) => void told.push(text), signal)
  /** Of what nothing runs with. */
  const ready = async (signal = never): Promise<string> => {
    const { name, release } = await take(signal)
    release()
    return name
  }
  const sweepAfter = async (span: number): Promise<void> => {
    await world.runFor(span)
    await copies.sweep(never)
  }
  return { world, take, ready, engine, objects, users, left, asked, hooks, told, copies, sweepAfter }
}
const hour = 3_600_000

test('given a store, when work mounts it, then the node has copied all of it, and says how far it is', async () => {
  const { ready, engine, told } = lab()
  expect(engine.get(await ready())?.content).toContain('one')
  expect(told.at(-1)).toBe('fetching team/data: 0.0 of 0.0 MiB')
})

test('given nothing new, when more work mounts it, also at the same time, then it is copied once', async () => {
  const { ready, asked } = lab()
  const names = await Promise.all([ready(), ready(), ready()])
  expect([new Set(names).size, asked]).toEqual([1, ['a']])
})

test('given something new, then what runs keeps what it has, and what starts gets what is there now', async () => {
  const { ready, engine, objects } = lab()
  const before = await ready()
  objects.set('a', 'two')
  const after = await ready()
  expect([engine.get(before)?.content.includes('one'), engine.get(after)?.content.includes('two')]).toEqual([
    true,
    true,
  ])
})

test('given a copy that a daemon did not finish, then it is made anew, and none is taken for whole', async () => {
  const { ready, engine, asked, left } = lab()
  const name = await ready()
  left.add(name)
  // As after a kill in the middle: what says that it is whole is the last that is made.
  engine.delete(`${name}.whole`)
  Object.assign(engine.get(name) ?? {}, { content: 'half' })
  expect(engine.get(await ready())?.content).toContain('one')
  // And as after somebody took the data away, and not what says that it is there.
  engine.delete(name)
  expect(engine.get(await ready())?.content).toContain('one')
  expect(asked).toEqual(['a', 'a', 'a'])
})

test('given an object that changes while it is copied, then it is listed again; given one that never stands still, then it is said', async () => {
  const { ready, engine, objects, hooks } = lab()
  let changes = 1
  hooks.read = () => void (changes > 0 && objects.set('a', `new-${(changes -= 1)}`))
  expect(engine.get(await ready())?.content).toContain('new-0')
  changes = 100
  objects.set('b', 'more')
  await expect(ready()).rejects.toMatchObject({ code: 'VOLUME_COPY_CUT' })
  expect(engine.size).toBe(2)
})

test('given a store that breaks off, or whoever calls it off, then nothing of it stays, and the next gets all', async () => {
  const { ready, engine, hooks } = lab()
  hooks.read = () => {
    throw new ClawError('VOLUME_SOURCE', { volume: 'team/data', detail: 'the store says 503' })
  }
  await expect(ready()).rejects.toMatchObject({ code: 'VOLUME_SOURCE' })
  expect(engine.size).toBe(0)
  const off = new AbortController()
  hooks.read = () => off.signal.throwIfAborted()
  hooks.unpack = () => off.abort(new ClawError('CONTAINER_FAILED', { detail: 'stopped' }))
  const first = ready(off.signal).catch((error: unknown) => error)
  await setImmediate()
  hooks.unpack = () => {}
  expect(await first).toMatchObject({ code: 'CONTAINER_FAILED' })
  hooks.read = () => {}
  expect(engine.get(await ready())?.content).toContain('one')
})

test('given more than the volume, or the node, may hold, then not a byte is fetched', async () => {
  const { ready, objects, asked } = lab()
  objects.set('a', 'x'.repeat(101))
  await expect(ready()).rejects.toMatchObject({ code: 'TOO_LARGE' })
  expect(asked).toEqual([])
})

test('given copies that nothing has used for an hour, then they go; what is used, or has just been given, stays', async () => {
  const { ready, engine, objects, users, left, sweepAfter } = lab()
  const used = await ready()
  users.add(used)
  left.add(used)
  objects.set('a', 'two')
  const given = await ready()
  await sweepAfter(hour / 2)
  expect(engine.size).toBe(4)
  await sweepAfter(hour / 2)
  expect([...engine.keys()].toSorted()).toEqual([used, `${used}.whole`])
  users.delete(used)
  await sweepAfter(hour)
  expect([engine.size, engine.has(given)]).toEqual([0, false])
})

test('given a copy that somebody holds, then it stays, however long the start takes; once it is let go of, it goes an hour later', async () => {
  const { take, engine, sweepAfter } = lab()
  const { name, release } = await take()
  await sweepAfter(hour)
  await sweepAfter(5 * hour)
  expect(engine.has(name)).toBe(true)
  release()
  release()
  await sweepAfter(hour / 2)
  expect(engine.has(name)).toBe(true)
  await sweepAfter(hour / 2)
  expect(engine.size).toBe(0)
})

test('given a sweep that is about to take a copy away, when somebody wants it, then he has one that is there', async () => {
  const { take, ready, engine, hooks, copies, world } = lab()
  await ready()
  await world.runFor(2 * hour)
  const answered = Promise.withResolvers<void>()
  hooks.users = () => answered.promise
  const swept = copies.sweep(never)
  await setImmediate()
  const taken = take()
  await setImmediate()
  answered.resolve()
  await swept
  const { name, verify } = await taken
  await verify(never)
  expect(engine.get(name)?.content).toContain('one')
})

test('given a copy that was let go of while the sweep asked who uses it, then it stays', async () => {
  const { take, engine, hooks, world, copies } = lab()
  const { name } = await take()
  const { release } = await take()
  await world.runFor(2 * hour)
  hooks.users = release
  await copies.sweep(never)
  expect(engine.has(name)).toBe(true)
})

test('given a copy that somebody takes from the engine before the work has it, then it is not run with nothing in its place', async () => {
  const { take, engine } = lab()
  for (const suffix of ['', '.whole']) {
    const { name, verify } = await take()
    await verify(never)
    engine.delete(`${name}${suffix}`)
    await expect(verify(never)).rejects.toMatchObject({ code: 'VOLUME_COPY_CUT' })
  }
})

test('given somebody who copies, when another who waits for it calls it off, then he hears of it at once', async () => {
  const { ready, hooks } = lab()
  const goesOn = Promise.withResolvers<void>()
  hooks.read = () => goesOn.promise
  const first = ready()
  await setImmediate()
  const off = new AbortController()
  const second = ready(off.signal)
  off.abort(new ClawError('CONTAINER_FAILED', { detail: 'stopped' }))
  await expect(second).rejects.toMatchObject({ code: 'CONTAINER_FAILED' })
  goesOn.resolve()
  expect(await first).toBe(await ready())
})

test('given a store that drips, then a copy has to be there in a time that its size allows', async () => {
  const { ready, hooks, world, engine } = lab()
  hooks.read = (_, signal) =>
    new Promise((_done, fail) => signal.addEventListener('abort', () => fail(signal.reason as Error)))
  const failed = ready().catch((error: unknown) => error)
  await setImmediate()
  await world.runFor(hour / 2)
  expect(await failed).toMatchObject({ code: 'VOLUME_SOURCE' })
  expect(engine.size).toBe(0)
})

describe('given room for two', () => {
  const two = { mostInAll: 2 * 4_200 }

  test('when a third is wanted, then the one goes that was not used for longest, and none that somebody has', async () => {
    const { take, ready, objects, engine, world } = lab(two)
    const held = await take()
    objects.set('a', 'two')
    const idle = await ready()
    await world.runFor(1)
    objects.set('a', 'three')
    const third = await ready()
    expect([engine.has(held.name), engine.has(idle), engine.has(third), engine.size]).toEqual([true, false, true, 4])
  })

  test('when all of them are in use, also by one that is still filled, then a third is refused, and nothing goes', async () => {
    const { take, ready, objects, users, engine, hooks } = lab(two)
    users.add(await ready())
    objects.set('a', 'two')
    const goesOn = Promise.withResolvers<void>()
    hooks.read = () => goesOn.promise
    const filling = take()
    await setImmediate()
    // Of another volume: it waits for nobody.
    const other = take(never, { name: 'other' })
    await expect(other).rejects.toMatchObject({ code: 'VOLUME_NO_ROOM' })
    goesOn.resolve()
    await filling
    expect(engine.size).toBe(4)
  })

  test('when it is larger than all of the room, then nothing goes for it', async () => {
    const { ready, objects, engine } = lab(two)
    const first = await ready()
    for (const key of ['b', 'c']) objects.set(key, 'more')
    await expect(ready()).rejects.toMatchObject({ code: 'VOLUME_NO_ROOM' })
    expect(engine.has(first)).toBe(true)
  })

  test('when the daemon has been started anew, then what was there before counts', async () => {
    const before = lab(two)
    const kept = await before.ready()
    const after = lab(two)
    for (const [name, one] of before.engine) after.engine.set(name, one)
    after.users.add(kept)
    after.objects.set('a', 'two')
    await after.ready()
    after.objects.set('a', 'three').set('b', 'more')
    await expect(after.ready()).rejects.toMatchObject({ code: 'VOLUME_NO_ROOM' })
    expect(after.engine.has(kept)).toBe(true)
  })
})
