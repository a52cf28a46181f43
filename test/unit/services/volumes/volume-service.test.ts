import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createState } from '../../../../src/core/state/state.ts'
import { ClawError } from '../../../../src/model/failure.ts'
import type { MeshId } from '../../../../src/model/ids.ts'
import type { Volume } from '../../../../src/model/volume.ts'
import { volumeKey } from '../../../../src/model/volume.ts'
import type { PreparedMounts } from '../../../../src/ports/executor.ts'
import type { EngineVolume, VolumeEngine } from '../../../../src/ports/volumes.ts'
import { engineVolume, ownVolume } from '../../../../src/services/volumes/engine-names.ts'
import type { VolumeDeps } from '../../../../src/services/volumes/volume-service.ts'
import { VolumeService } from '../../../../src/services/volumes/volume-service.ts'
import { ada, spec as specOf } from '../../../support/control-samples.ts'

const place3 = { endpoint: 'https://s3.example', bucket: 'b', prefix: '', region: 'r', secret: 's' }
const place = { self: ada, mesh: 'mesh-abcdefgh1234' as MeshId }
const never = new AbortController().signal
const volume = (parts: Partial<Volume> = {}): Volume => ({
  ...{ namespace: 'team', name: 'data', type: 'local', access: 'RWO', hostPath: null, nfs: null, sizeMib: null },
  ...{ node: ada, createdAt: 1, createdBy: 'socket', snapshots: [], ...parts },
})

const word = fc.stringMatching(/^[a-z0-9]([-a-z0-9]{0,8}[a-z0-9])?$/)
const named = fc.record({ namespace: word, name: word, createdAt: fc.nat(3) })

test('no two volumes have one name at an engine, however theirs are put together', () => {
  const nameOf = (parts: Partial<Volume>): string => engineVolume(volume(parts), place).name
  expect(nameOf({ namespace: 'team', name: 'a-data' })).not.toBe(nameOf({ namespace: 'team-a', name: 'data' }))
  fc.assert(
    fc.property(named, named, (a, b) => {
      const isSame = a.namespace === b.namespace && a.name === b.name && a.createdAt === b.createdAt
      expect(nameOf(a) === nameOf(b)).toBe(isSame)
      expect(nameOf(a)).toMatch(/^[a-zA-Z0-9][a-zA-Z0-9_.-]{1,200}$/)
      expect(ownVolume(a.namespace, a.name, place).name).not.toBe(nameOf(b))
    }),
  )
})

test('a volume that was made anew with other options is another one at the engine', () => {
  const nfs = (options: string, createdAt = 1): string =>
    engineVolume(volume({ type: 'nfs', nfs: { server: 'nas', path: '/x', options }, createdAt }), place).name
  expect(new Set([nfs(''), nfs('soft'), nfs('', 2)]).size).toBe(3)
  expect(nfs('')).toBe(nfs(''))
})

describe('what work mounts', () => {
  function lab() {
    const state = createState()
    for (const one of [volume(), volume({ name: 'shelf', type: 'hostpath', hostPath: '/srv/shelf', access: 'ROX' })])
      state.volumes.set(volumeKey(one.namespace, one.name), one)
    const made: EngineVolume[] = []
    const engine = { ensure: async (one: EngineVolume) => void made.push(one) } as unknown as VolumeEngine
    const deps = {
      ...place,
      control: { state },
      engine,
      objects: null,
      working: null,
      mostBytes: 1,
      removeTask: () => Promise.resolve(),
    }
    const service = new VolumeService({ ...deps, copies: {} as never })
    const sources = async (namespace: string, source: string, privileges: readonly 'host-paths'[] = []) => {
      const mounts = [{ source, target: '/x', readOnly: false }]
      const { mounts: found } = await service.mountsFor(
        { ...specOf({ mounts }), namespace, privileges: [...privileges] },
        () => undefined,
        never,
      )
      return found[0]
    }
    return { sources, made }
  }

  test('a volume of the mesh is what the engine calls it, and a directory stays what it is', async () => {
    const { sources } = lab()
    expect(await sources('team', 'data')).toMatchObject({ source: engineVolume(volume(), place).name })
    expect(await sources('team', 'shelf')).toEqual({ source: '/srv/shelf', target: '/x', readOnly: true })
    expect(await sources('team', '/srv/box')).toMatchObject({ source: '/srv/box' })
  })

  test('a name that is no volume of the mesh is never one of the engine that others have made', async () => {
    const { sources, made } = lab()
    const guessed = engineVolume(volume(), place).name
    for (const name of ['postgres-data', 'data', guessed]) {
      const mine = await sources('other', name)
      expect([mine?.source, made.at(-1)?.name]).toEqual([ownVolume('other', name, place).name, mine?.source])
      expect(mine?.source).not.toBe((await sources('third', name))?.source)
    }
    expect(made.map(({ name }) => name)).not.toContain('postgres-data')
  })

  test('whoever may have every path of the host may have what its engine holds', async () => {
    expect(await lab().sources('other', 'postgres-data', ['host-paths'])).toMatchObject({ source: 'postgres-data' })
  })
})

describe('what work mounts of stores of objects', () => {
  function lab() {
    const state = createState()
    for (const name of ['one', 'two'])
      state.volumes.set(`team/${name}`, volume({ name, type: 's3', access: 'ROX', s3: place3, node: null }))
    const told: string[] = []
    const objects: VolumeDeps['objects'] = {
      ready: async ({ name }) => {
        if (refused === name) throw new ClawError('VOLUME_NO_ROOM', { volume: name, bytes: 2, limit: 1 })
        return {
          name: `copy-${name}`,
          verify: async () => void told.push(`verify ${name}`),
          release: () => void told.push(`release ${name}`),
        }
      },
    }
    const working: VolumeDeps['working'] = {
      ready: async ({ name }) => `written-${name}`,
      push: async () => ({ put: ['a'], remove: [], left: [], theirs: [], leftOut: [] }),
      aloneNow: async ({ name }, work) => {
        told.push(`alone ${name}`)
        return work()
      },
    }
    let refused = ''
    const engine = {
      named: async () => ['written', 'written.agreed'],
      users: async () => [],
      remove: async (name: string) => void told.push(`remove ${name}`),
    } as unknown as VolumeEngine
    const deps = { ...place, control: { state }, engine, objects, working, mostBytes: 1, copies: {} as never }
    const service = new VolumeService({ ...deps, removeTask: () => Promise.resolve() })
    const mounts = ['one', 'two'].map((source) => ({ source, target: `/${source}`, readOnly: false }))
    const prepare = (): Promise<PreparedMounts> =>
      service.mountsFor({ ...specOf({ mounts }), namespace: 'team' }, () => undefined, never)
    return { prepare, told, service, state, refuse: (name: string) => void (refused = name) }
  }

  test('is one that work writes where it has one node, and only that is put back', async () => {
    const { service, state } = lab()
    const written = volume({ name: 'two', type: 's3', access: 'RWO', s3: place3 })
    state.volumes.set('team/two', written)
    const mounts = [{ source: 'two', target: '/two', readOnly: false }]
    const prepared = await service.mountsFor({ ...specOf({ mounts }), namespace: 'team' }, () => undefined, never)
    expect(prepared.mounts).toEqual([{ source: 'written-two', target: '/two', readOnly: false }])
    const push = (one: Volume) => service.push(one, { removes: false, force: false }, () => undefined, never)
    expect((await push(written)).put).toEqual(['a'])
    const refusals = [volume({ type: 's3', access: 'ROX', s3: place3 }), volume()].map((one) => () => push(one))
    for (const refused of refusals) expect(refused).toThrow('only a volume of S3 with the access RWO')
  })

  test('is taken away alone, with all that the engine has beside it', async () => {
    const { service, told } = lab()
    const written = volume({ name: 'two', type: 's3', access: 'RWO', s3: place3 })
    await service.discard(written, async () => void told.push('decided'), never)
    expect(told).toEqual(['alone two', 'decided', 'remove written', 'remove written.agreed'])
  })

  test('is looked at, and let go of, when whoever asked says so', async () => {
    const { prepare, told } = lab()
    const { mounts, verify, release } = await prepare()
    expect(mounts.map(({ source, readOnly }) => [source, readOnly])).toEqual([
      ['copy-one', true],
      ['copy-two', true],
    ])
    expect(told).toEqual([])
    await verify(never)
    release()
    expect(told).toEqual(['verify one', 'verify two', 'release one', 'release two'])
  })

  test('given one that cannot be had, then the others are not held on to', async () => {
    const { prepare, told, refuse } = lab()
    refuse('two')
    await expect(prepare()).rejects.toMatchObject({ code: 'VOLUME_NO_ROOM' })
    expect(told).toEqual(['release one'])
  })
})
