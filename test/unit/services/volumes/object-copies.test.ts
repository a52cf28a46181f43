/** What a node copies from a store of objects, with an engine and a store that a test may have fail. */
import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { createState } from '../../../../src/core/state/state.ts'
import { ClawError } from '../../../../src/model/failure.ts'
import type { MeshId } from '../../../../src/model/ids.ts'
import type { Volume } from '../../../../src/model/volume.ts'
import { silent } from '../../../../src/ports/log.ts'
import type { EngineVolume } from '../../../../src/ports/volumes.ts'
import { ObjectCopies } from '../../../../src/services/volumes/object-copies.ts'
import { World } from '../../../../src/simulation/world.ts'
import { ada } from '../../../support/control-samples.ts'

const never = new AbortController().signal
const place = { endpoint: 'https://s3.example', bucket: 'models', prefix: '', region: 'us-east-1', secret: 'store' }
const volume = {
  ...{
    namespace: 'team',
    name: 'data',
    type: 's3',
    access: 'ROX',
    hostPath: null,
    nfs: null,
    sizeMib: null,
    s3: place,
  },
  ...{ node: null, createdAt: 1, createdBy: 'socket', snapshots: [] },
} as const satisfies Volume

function lab() {
  const world = new World(1)
  /** What the engine has, and what is in it. */
  const engine = new Map<string, { readonly made: EngineVolume; content: string }>()
  const objects = new Map<string, string>([['a', 'one']])
  const users = new Set<string>()
  /** What a daemon that has died was still copying. */
  const left = new Set<string>()
  const asked: string[] = []
  const hooks: { read: (key: string) => void | Promise<void>; unpack: () => void } = {
    read: () => {},
    unpack: () => {},
  }
  const copies = new ObjectCopies({
    ...{ self: ada, mesh: 'mesh-abcdefgh1234' as MeshId, control: { state: createState() }, clock: world, log: silent },
    mostBytes: 100,
    vault: { values: async () => [Buffer.from('id:key')] },
    open: () => ({
      list: async () =>
        [...objects].map(([key, text]) => ({ key, bytes: text.length, etag: `e-${text}`, modified: 0 })),
      async *read({ key, etag }) {
        await hooks.read(key)
        asked.push(key)
        if (`e-${objects.get(key) ?? ''}` !== etag) throw new ClawError('VOLUME_COPY_CUT', { detail: `${key} changed` })
        yield Buffer.from(objects.get(key) ?? '')
      },
    }),
    engine: {
      ensure: async (made) => void (engine.has(made.name) || engine.set(made.name, { made, content: '' })),
      named: async (labels) =>
        [...engine.values()]
          .filter(({ made }) => Object.entries(labels).every(([key, value]) => made.labels[key] === value))
          .map(({ made }) => made.name),
      users: async (name) => [
        ...(users.has(name) ? [{ placement: null, isRunning: true }] : []),
        ...(left.has(name) ? [{ placement: null, isRunning: false }] : []),
      ],
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
  const ready = (signal = never, parts: Partial<typeof volume> = {}): Promise<string> =>
    copies.ready({ ...volume, ...parts }, (text) => void told.push(text), signal)
  const sweepAfter = async (span: number): Promise<void> => {
    await world.runFor(span)
    await copies.sweep(never)
  }
  return { ready, engine, objects, users, left, asked, hooks, told, copies, sweepAfter }
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
