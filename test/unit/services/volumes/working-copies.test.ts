/** Volumes of stores of objects that work writes, with an engine and a store that a test may have fail. */
import { createHash } from 'node:crypto'
import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { tarEntries } from '../../../../src/lib/tar-entries.ts'
import { tarEnd, tarHeader, tarPadding } from '../../../../src/lib/tar-header.ts'
import { ClawError } from '../../../../src/model/failure.ts'
import type { MeshId } from '../../../../src/model/ids.ts'
import { silent } from '../../../../src/ports/log.ts'
import type { EngineVolume, VolumeContent } from '../../../../src/ports/volumes.ts'
import { WorkingCopies } from '../../../../src/services/volumes/working-copies.ts'
import { World } from '../../../../src/simulation/world.ts'
import { ada } from '../../../support/control-samples.ts'
import { storeVolume } from '../../../support/store-volume.ts'

const never = new AbortController().signal
const volume = storeVolume({ access: 'RWO', bucket: 'runs', node: ada })
const etagOf = (text: string): string => createHash('md5').update(text).digest('hex')

interface Held {
  readonly made: EngineVolume
  readonly files: Map<string, string>
}

function lab() {
  const engine = new Map<string, Held>()
  const objects = new Map([
    ['a', 'one'],
    ['in/b', 'two'],
  ])
  const hooks = { pack: (): void => {}, read: (): void => {}, write: (key: string): void | Promise<void> => void key }
  /** Names in volumes that stand for something else: of a hard link what it is another name of, and null for what is no file. */
  const links = new Map<string, string | null>()
  const warned: string[] = []
  const packed: string[] = []
  const log = { ...silent, warn: (text: string) => void warned.push(text) }
  const nameOf = (content: VolumeContent): string => ('volume' in content ? content.volume : '')
  const copies = new WorkingCopies({
    ...{ self: ada, mesh: 'mesh-abcdefgh1234' as MeshId, clock: new World(1), log, mostBytes: 1_000 },
    vault: { values: async () => [Buffer.from('id:key')] },
    open: () => ({
      list: async () =>
        [...objects].map(([key, text]) => ({ key, bytes: text.length, etag: etagOf(text), modified: 0 })),
      async *read({ key }) {
        hooks.read()
        yield await Promise.resolve(Buffer.from(objects.get(key) ?? ''))
      },
      async write(key, content) {
        await hooks.write(key)
        const text = Buffer.concat(await Array.fromAsync(content)).toString()
        objects.set(key, text)
        return etagOf(text)
      },
      remove: async (key) => void objects.delete(key),
    }),
    engine: {
      ensure: async (made) => void (engine.has(made.name) || engine.set(made.name, { made, files: new Map() })),
      named: async () => [...engine.keys()],
      remove: async (name) => void engine.delete(name),
      abandon: () => Promise.resolve(),
      give: () => Promise.resolve(),
      async *pack(content) {
        packed.push(nameOf(content))
        hooks.pack()
        for (const [name, text] of engine.get(nameOf(content))?.files ?? []) {
          yield await Promise.resolve(tarHeader({ name, bytes: text.length }))
          yield Buffer.from(text)
          yield tarPadding(text.length)
        }
        for (const [name, to] of nameOf(content).endsWith('.agreed') ? [] : links) yield linkHeader(name, to)
        yield tarEnd()
      },
      async unpack(content, archive) {
        const held = engine.get(nameOf(content))
        for await (const { entry, content: data } of tarEntries(archive, { entries: 100, bytes: 10_000 }))
          if (entry.kind === 'file') held?.files.set(entry.path, Buffer.concat(await Array.fromAsync(data)).toString())
      },
    },
  })
  const ready = () => copies.ready(volume, () => undefined, never)
  const push = (rules: { removes?: boolean; force?: boolean } = {}) =>
    copies.push(volume, { removes: false, force: false, ...rules }, () => undefined, never)
  const files = async (): Promise<Map<string, string>> => engine.get(await ready())?.files ?? new Map<string, string>()
  return { copies, engine, objects, hooks, links, warned, packed, ready, push, files }
}

/** A header that says it is a hard link to something, or a symbolic one. */
function linkHeader(name: string, to: string | null): Buffer {
  const header = tarHeader({ name, bytes: 0 })
  header.write(`${to === null ? 2 : 1}${to ?? ''}`, 156, 'latin1')
  header.write('        ', 148, 'latin1')
  const sum = header.reduce((total, byte) => total + byte, 0)
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  return header
}

describe('what work is given', () => {
  test('given a store, when work mounts it first, then all of it is there, once: what changes in the store later is not fetched', async () => {
    const { ready, files, objects } = lab()
    expect([...(await files())]).toEqual([
      ['a', 'one'],
      ['in/b', 'two'],
    ])
    objects.set('a', 'changed there')
    expect([await ready(), (await files()).get('a')]).toEqual([await ready(), 'one'])
  })

  test('given a daemon that died while it fetched, or a fetch that broke off, then it begins anew, and half of it is never given', async () => {
    const { ready, files, engine, hooks } = lab()
    const name = await ready()
    engine.set(`${name}.fetching`, { made: { name: '', options: {}, labels: {} }, files: new Map() })
    engine.get(name)?.files.set('a', 'half')
    hooks.read = () => {
      throw new ClawError('VOLUME_SOURCE', { volume: 'team/data', detail: 'the store says 500' })
    }
    await expect(ready()).rejects.toMatchObject({ code: 'VOLUME_SOURCE' })
    expect([...engine.keys()]).toEqual([])
    hooks.read = () => {}
    expect((await files()).get('a')).toBe('one')
  })

  test('given what work has written, when a daemon starts anew, then all of it is still there', async () => {
    const { files, ready } = lab()
    ;(await files()).set('a', 'written')
    await ready()
    expect((await files()).get('a')).toBe('written')
  })
})

describe('what is put back', () => {
  test('given changes here, then they and nothing else are put, and a second push puts nothing', async () => {
    const { files, push, objects, links } = lab()
    const mine = await files()
    mine.set('a', 'written').set('new', 'more')
    mine.delete('in/b')
    links.set('link', null)
    const none = { remove: [], theirs: [] }
    expect(await push()).toEqual({ ...none, put: ['a', 'new'], left: ['in/b'], leftOut: ['link'] })
    expect(Object.fromEntries(objects)).toEqual({ a: 'written', 'in/b': 'two', new: 'more' })
    expect(await push()).toEqual({ ...none, put: [], left: ['in/b'], leftOut: ['link'] })
    expect((await push({ removes: true })).remove).toEqual(['in/b'])
    expect([...objects.keys()]).toEqual(['a', 'new'])
  })

  test('given a file that work made another name of one, then all of its names are put, and none counts as gone', async () => {
    const { files, push, objects, links } = lab()
    const mine = await files()
    mine.delete('in/b')
    links.set('in/b', './a').set('in/c', 'a')
    expect(await push({ removes: true })).toMatchObject({ put: ['in/b', 'in/c'], remove: [], leftOut: [] })
    mine.set('a', 'written')
    expect((await push({ removes: true })).put).toEqual(['a', 'in/b', 'in/c'])
    expect(Object.fromEntries(objects)).toEqual({ a: 'written', 'in/b': 'written', 'in/c': 'written' })
    expect(await push({ removes: true })).toMatchObject({ put: [], remove: [] })
    mine.set('a', 'x'.repeat(334))
    await expect(push()).rejects.toMatchObject({ code: 'VOLUME_TARGET' })
  })

  test('given a file of many names, then the volume is packed twice: to look at it, and to put all of them', async () => {
    const { files, push, objects, links, packed, ready } = lab()
    ;(await files()).set('a', 'written').set('empty', '')
    for (let name = 0; name < 40; name += 1) links.set(`e${name}`, 'empty').set(`f${name}`, 'a')
    const name = await ready()
    expect((await push()).put).toHaveLength(82)
    expect(packed.filter((one) => one === name)).toHaveLength(2)
    expect([objects.get('e39'), objects.get('f39')]).toEqual(['', 'written'])
    expect((await push()).put).toEqual([])
  })

  test('given a link that work breaks after it was looked at, then what its name holds is put by it, and what only the link held is not', async () => {
    const { files, push, objects, links, hooks, packed, ready } = lab()
    const mine = await files()
    links.set('b', 'a').set('c', 'a')
    const name = await ready()
    hooks.pack = () => {
      if (packed.filter((one) => one === name).length !== 2) return
      mine.set('b', 'its own')
      links.delete('b')
    }
    expect((await push()).put).toEqual(['b'])
    expect([objects.get('b'), objects.has('c')]).toEqual(['its own', false])
    expect((await push()).put).toEqual(['c'])
    expect(Object.fromEntries(objects)).toEqual({ a: 'one', 'in/b': 'two', b: 'its own', c: 'one' })
  })

  test('given a link in the place of a file, or of a folder, then what the store has of it stays, and it is named first', async () => {
    const { files, push, objects, links } = lab()
    const mine = await files()
    mine.delete('a')
    mine.delete('in/b')
    links.set('Z', null).set('a', null).set('in', null).set('odd', '../x')
    const kept = { put: [], remove: [], left: [] }
    expect(await push({ removes: true })).toMatchObject({ ...kept, leftOut: ['a', 'Z', 'in', 'odd'] })
    expect(objects.size).toBe(2)
    links.clear()
    expect((await push({ removes: true })).remove).toEqual(['a', 'in/b'])
  })

  test('given changes on both sides, then nothing is put and they are named, unless what is here is to count', async () => {
    const { files, push, objects } = lab()
    const mine = await files()
    mine.set('a', 'mine').set('new', 'more')
    objects.set('a', 'yours').set('in/b', 'theirs alone')
    const facts = { volume: 'team/data', objects: 'a', count: 1 }
    await expect(push()).rejects.toMatchObject({ code: 'VOLUME_STORE_CHANGED', facts })
    expect(objects.has('new')).toBe(false)
    expect(await push({ force: true })).toMatchObject({ put: ['a', 'new'], theirs: ['in/b'] })
    expect(Object.fromEntries(objects)).toEqual({ a: 'mine', 'in/b': 'theirs alone', new: 'more' })
  })

  test('given a store that fails in the middle, then what was put is known to be there, and the next push goes on', async () => {
    const { files, push, objects, hooks } = lab()
    const mine = await files()
    mine.set('a', 'written').set('new', 'more')
    hooks.write = (key) => {
      if (key === 'new') throw new ClawError('VOLUME_TARGET', { volume: 'team/data', detail: 'the store says 503' })
    }
    await expect(push()).rejects.toMatchObject({ code: 'VOLUME_TARGET' })
    hooks.write = () => {}
    mine.set('a', 'written again')
    expect((await push()).put).toEqual(['a', 'new'])
    expect(objects.get('a')).toBe('written again')
  })

  test('given no work that has used it, or more than one volume may hold, then it is said', async () => {
    const { files, push } = lab()
    await expect(push()).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
    ;(await files()).set('large', 'x'.repeat(1_001))
    await expect(push()).rejects.toMatchObject({ code: 'VOLUME_TARGET' })
  })

  test('given a push that takes long, then work starts meanwhile, and nothing takes the volume away before it is over', async () => {
    const { copies, files, push, engine, hooks, ready } = lab()
    ;(await files()).set('a', 'written')
    const writing = Promise.withResolvers<void>()
    const written = Promise.withResolvers<void>()
    hooks.write = () => {
      writing.resolve()
      return written.promise
    }
    const pushed = push()
    await writing.promise
    expect(await ready()).toBe([...engine.keys()].find((name) => !name.endsWith('.agreed')))
    const remove = () => copies.aloneNow(volume, async () => engine.clear())
    await expect(remove()).rejects.toMatchObject({ code: 'VOLUME_BUSY' })
    written.resolve()
    expect((await pushed).put).toEqual(['a'])
    await turn()
    await remove()
    expect([...engine.keys()]).toEqual([])
  })

  test('given notes that were cut off, then it is said, what differs is refused, nothing counts as gone, and they are written anew', async () => {
    const { files, push, engine, ready, warned, objects } = lab()
    const mine = await files()
    mine.set('a', 'written')
    mine.delete('in/b')
    const notes = engine.get(`${await ready()}.agreed`)?.files
    notes?.set('agreed.json', '[["a","')
    await expect(push({ removes: true })).rejects.toMatchObject({ code: 'VOLUME_STORE_CHANGED', facts: { count: 1 } })
    expect(await push({ force: true, removes: true })).toMatchObject({ put: ['a'], remove: [] })
    expect([warned.length, objects.get('in/b')]).toEqual([2, 'two'])
    mine.set('a', 'again')
    expect((await push()).put).toEqual(['a'])
  })

  test('given notes that somebody has taken from the engine, then what differs is refused, and what is alike is not', async () => {
    const { files, push, engine, ready } = lab()
    ;(await files()).set('a', 'written')
    engine.delete(`${await ready()}.agreed`)
    await expect(push()).rejects.toMatchObject({ code: 'VOLUME_STORE_CHANGED', facts: { count: 1 } })
    expect((await push({ force: true })).put).toEqual(['a'])
  })
})
