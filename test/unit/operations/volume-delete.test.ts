/** Taking volumes away that work writes and that are put back into their store, with an engine and a store in memory. */
import { beforeEach, expect, test } from 'vitest'
import { tarEnd, tarHeader, tarPadding } from '../../../src/lib/tar-header.ts'
import type { MeshId } from '../../../src/model/ids.ts'
import type { Volume } from '../../../src/model/volume.ts'
import { OperationService } from '../../../src/operations/invoke.ts'
import { silent } from '../../../src/ports/log.ts'
import type { VolumeEngine } from '../../../src/ports/volumes.ts'
import { engineVolume } from '../../../src/services/volumes/engine-names.ts'
import { VolumeService } from '../../../src/services/volumes/volume-service.ts'
import { WorkingCopies } from '../../../src/services/volumes/working-copies.ts'
import { ada } from '../../support/control-samples.ts'
import { admin, OperationsMesh } from '../../support/operations-mesh.ts'

const never = new AbortController().signal
const place = { self: ada, mesh: 'mesh-abcdefgh1234' as MeshId }
const s3 = { endpoint: 'https://s3.example', bucket: 'runs', prefix: '', region: 'us-east-1', secret: 'store' }
const named = { namespace: 'default', name: 'data' }

let mesh: OperationsMesh
let operations: OperationService
let held: Set<string>
let running: string | null
/** The store takes nothing before it is done, and has been asked once the first is. */
let writing: PromiseWithResolvers<void>
let written: PromiseWithResolvers<void>
let removing: () => void

beforeEach(async () => {
  mesh = new OperationsMesh([ada])
  held = new Set()
  running = null
  writing = Promise.withResolvers()
  written = Promise.withResolvers()
  removing = () => {}
  const engine = engineInMemory()
  const working = new WorkingCopies({
    ...{ ...place, engine, clock: mesh.world, log: silent, mostBytes: 1_000 },
    vault: { values: async () => [Buffer.from('id:key')] },
    open: () => ({
      list: async () => [],
      read: () => ({ [Symbol.asyncIterator]: () => ({ next: async () => ({ done: true, value: undefined }) }) }),
      async write(_, content) {
        await Array.fromAsync(content)
        writing.resolve()
        await written.promise
        return ''
      },
      remove: () => Promise.resolve(),
    }),
  })
  const deps = { ...place, control: { state: mesh.book.state }, engine, objects: null, working, mostBytes: 1 }
  const volumes = new VolumeService({ ...deps, copies: {} as never, removeTask: () => Promise.resolve() })
  operations = new OperationService({ ...mesh.context(ada), volumes })
  mesh.book.state.secrets.set('default/store', {} as never)
  makeVolume()
  held.add(nameNow()).add(`${nameNow()}.agreed`)
})

function makeVolume(at = mesh.world.now()): void {
  const volume = { type: 's3', access: 'RWO', hostPath: null, nfs: null, s3, sizeMib: null, node: ada } as const
  mesh.book.run({ type: 'create-volume', ...named, volume }, { at })
}

const volumeNow = (): Volume | undefined => mesh.book.state.volumes.get('default/data')

function nameNow(): string {
  const volume = volumeNow()
  if (volume === undefined) throw new Error('there is no volume')
  return engineVolume(volume, place).name
}

/** One file in every volume, the same. */
function engineInMemory(): VolumeEngine {
  const parts: Partial<VolumeEngine> = {
    ensure: async ({ name }) => void held.add(name),
    named: async () => [...held],
    users: async (name) => (name === running ? [{ placement: null, isRunning: true }] : []),
    async remove(name, signal) {
      removing()
      signal.throwIfAborted()
      await Promise.resolve(held.delete(name))
    },
    async *pack(content) {
      const name = 'volume' in content && content.volume.endsWith('.agreed') ? 'agreed.json' : 'result'
      yield await Promise.resolve(tarHeader({ name, bytes: 2 }))
      yield Buffer.from('[]')
      yield tarPadding(2)
      yield tarEnd()
    },
    unpack: async (_, archive) => void (await Array.fromAsync(archive)),
  }
  return parts as VolumeEngine
}

const remove = (signal = never) => operations.invoke('volume.delete', named, { caller: admin, signal })
const push = () => Array.fromAsync(operations.open('volume.push', named, { caller: admin, signal: never }))

test('given a push that runs, when the volume is deleted, then that is refused and all of it stays, and afterwards it goes', async () => {
  const pushed = push()
  await writing.promise
  await expect(remove()).rejects.toMatchObject({ code: 'VOLUME_BUSY' })
  expect([volumeNow()?.name, held.size]).toEqual(['data', 2])
  written.resolve()
  expect((await pushed).at(-1)).toMatchObject({ isDone: true, put: 1 })
  expect(await remove()).toEqual({ name: 'data', deleted: true })
  expect([volumeNow(), held.size]).toEqual([undefined, 0])
})

test('given a container of somebody that has it, then nothing is decided', async () => {
  running = nameNow()
  await expect(remove()).rejects.toMatchObject({ code: 'VOLUME_BUSY' })
  expect([volumeNow()?.name, held.size]).toEqual(['data', 2])
})

test('given a volume that somebody makes by the same name while the old one goes, then what the new one holds stays', async () => {
  mesh.context(ada).control.onChange(() => {
    if (volumeNow() !== undefined) return
    makeVolume(mesh.world.now() + 1)
    held.add(nameNow()).add(`${nameNow()}.agreed`)
  })
  await remove()
  expect([...held]).toEqual([nameNow(), `${nameNow()}.agreed`])
})

test('given somebody who gives up once it is decided, then the data goes all the same', async () => {
  const caller = new AbortController()
  removing = () => caller.abort()
  await remove(caller.signal).catch(() => 'called off')
  expect([volumeNow(), held.size]).toEqual([undefined, 0])
})
