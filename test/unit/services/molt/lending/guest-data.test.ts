import { Readable } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { ClawError } from '../../../../../src/model/failure.ts'
import { meshId, nodeId } from '../../../../../src/model/ids.ts'
import type { EngineVolume } from '../../../../../src/ports/volumes.ts'
import { GuestData, type GuestEngine } from '../../../../../src/services/molt/lending/guest-data.ts'
import { someWork } from '../../../../support/molt/scripted-buyer.ts'
import { runningLease } from '../../../../support/molt/leased-host.ts'

const never = new AbortController().signal
const lease = runningLease()

/** An engine, with quotas or without, that says so much of each volume; null for nothing at all. */
function host({ quota, bytes }: { readonly quota: boolean; readonly bytes: number | null | 'no answer' }) {
  const volumes = new Map<string, EngineVolume>()
  const engine = {
    ensure: async (volume: EngineVolume) => {
      if (volume.options['size'] !== undefined && !quota)
        throw new ClawError('CONTAINER_FAILED', { detail: 'quota size requested but no quota support' })
      volumes.set(volume.name, volume)
    },
    known: async () => [...volumes.values()],
    users: async () => [],
    abandon: async () => undefined,
    remove: async (name: string) => void volumes.delete(name),
    give: async () => undefined,
    sizes: async (names: ReadonlySet<string>) => {
      if (bytes === 'no answer')
        throw new ClawError('EXECUTOR_UNAVAILABLE', { executor: 'docker', detail: 'no answer' })
      return new Map(bytes === null ? [] : [...names].map((name) => [name, bytes]))
    },
  } as unknown as GuestEngine
  const place = { self: nodeId('home'), mesh: meshId('mesh-lab') }
  const forgotten: string[] = []
  const images = {
    ...{ find: async () => null, receive: async () => undefined, send: () => Readable.from([]) },
    forgetReceived: async (reference: string) => void forgotten.push(reference),
  }
  const data = new GuestData({ ...place, engine, images, removeTask: async () => undefined })
  return { data, engine, volumes, forgotten }
}

describe('given work that leaves something', () => {
  test.each([
    ['no more than was agreed on', 2 ** 30, true],
    ['more than was agreed on', 2 ** 30 + 1, false],
  ])('when it is %s, then the engine’s word is taken for it', async (_, bytes, isWithin) => {
    const { data } = host({ quota: false, bytes })
    await data.prepare(lease, someWork({ outputs: ['/out'] }), never)
    expect(await data.isWithin(lease, never)).toBe(isWithin)
  })

  test.each([null, 'no answer'] as const)(
    'when the engine says %s of it, then it is not taken for nothing',
    async (bytes) => {
      const { data } = host({ quota: false, bytes })
      await data.prepare(lease, someWork({ outputs: ['/out'] }), never)
      await expect(data.isWithin(lease, never)).rejects.toMatchObject({ code: 'EXECUTOR_UNAVAILABLE' })
    },
  )

  test('when the file system bounds it, then nobody has to tell', async () => {
    const { data } = host({ quota: true, bytes: 'no answer' })
    await data.prepare(lease, someWork({ outputs: ['/out'] }), never)
    expect(await data.isWithin(lease, never)).toBe(true)
  })

  test.each([true, false])('when its engine does not answer at all, then quotas (%s) bound it on', async (quota) => {
    const { data, engine } = host({ quota, bytes: 0 })
    await data.prepare(lease, someWork({ outputs: ['/out'] }), never)
    engine.known = () =>
      Promise.reject(new ClawError('EXECUTOR_UNAVAILABLE', { executor: 'docker', detail: 'it is started anew' }))
    const answer = await data.isWithin(lease, never).catch((error: unknown) => (error as ClawError).code)
    expect(answer).toBe(quota ? true : 'EXECUTOR_UNAVAILABLE')
    await expect(data.isWithin(lease, AbortSignal.abort())).rejects.toThrow()
  })

  test('when a folder was there before without a quota, then asking for one again does not bound it', async () => {
    const first = host({ quota: false, bytes: 0 })
    await first.data.prepare(lease, someWork({ outputs: ['/out'] }), never)
    const { data, engine, volumes } = host({ quota: true, bytes: 'no answer' })
    engine.ensure = async (volume) => void volumes.set(volume.name, first.volumes.get(volume.name) ?? volume)
    await data.prepare(lease, someWork({ outputs: ['/out'] }), never)
    await expect(data.isWithin(lease, never)).rejects.toMatchObject({ code: 'EXECUTOR_UNAVAILABLE' })
  })
})

test.each([
  [true, 'no answer', true],
  [false, 0, true],
  [false, null, false],
  [false, 'no answer', false],
] as const)(
  'what is left can be bounded where there are quotas (%s), or an engine that tells (%s): %s',
  async (quota, bytes, can) => {
    const { data } = host({ quota, bytes })
    expect(await data.canBound(never)).toBe(can)
  },
)

test.each([
  ['another guest needs its image', true, 0],
  ['no other guest does', false, 1],
])('given a guest that has gone, when %s (%s), then so many images are forgotten: %s', async (_, isShared, gone) => {
  const { data, forgotten } = host({ quota: true, bytes: 0 })
  await data.wipe(lease, { placement: null, outputs: true, isImageShared: () => isShared }, never)
  expect(forgotten).toHaveLength(gone)
})

test('given folders that no record speaks of, when one cannot be taken away, then the others are, and that is told', async () => {
  const { data, engine, volumes } = host({ quota: true, bytes: 0 })
  await data.prepare(lease, someWork({ outputs: ['/a', '/b', '/c'] }), never)
  const [, stuck = ''] = volumes.keys()
  const remove = engine.remove
  engine.remove = (name, signal) =>
    name === stuck
      ? Promise.reject(new ClawError('VOLUME_BUSY', { volume: name, users: 'a task' }))
      : remove(name, signal)
  await expect(data.sweep(new Set(), never)).rejects.toMatchObject({ code: 'VOLUME_BUSY' })
  expect([...volumes.keys()]).toEqual([stuck])
})
