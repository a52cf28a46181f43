import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { ImageStore, StoredImage } from '../../src/ports/images.ts'

export interface ImageBench {
  readonly store: ImageStore
  /** Makes an image that no other test has, under this name. */
  make(name: string): Promise<StoredImage>
  dispose(): Promise<void>
}

const never = new AbortController().signal

async function bytesOf(archive: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  for await (const part of archive) parts.push(Uint8Array.from(part))
  return Buffer.concat(parts)
}

async function* pieces(bytes: Uint8Array, failure: Error | null = null): AsyncIterable<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 10_000) yield await Promise.resolve(bytes.subarray(at, at + 10_000))
  if (failure !== null) throw failure
}

/** What the mesh relies on. Every image store must pass all of it. */
export function imageStoreConformance(kind: string, open: () => Promise<ImageBench>): void {
  describe(`${kind} image store`, () => {
    let bench: ImageBench
    let store: ImageStore
    let count = 0
    const name = (): string => `claw-conformance/${process.pid}-${(count += 1)}:v1`

    beforeEach(async () => {
      bench = await open()
      store = bench.store
    })
    afterEach(() => bench.dispose())

    test('finds an image by its name and by its id, and lists it', async () => {
      const called = name()
      const { id } = await bench.make(called)
      expect(id).toMatch(/^sha256:[0-9a-f]{64}$/)
      expect(await store.find(called, never)).toMatchObject({ id })
      expect(await store.find(id, never)).toMatchObject({ id })
      expect((await store.list(never)).map((image) => image.id)).toContain(id)
    })

    test('finds an image by a digest that is its own id', async () => {
      const { id } = await bench.make(name())
      expect(await store.find(`any/name@${id}`, never)).toMatchObject({ id })
    })

    test('what is not here is null, and an error for those who need it', async () => {
      const id = `sha256:${'0'.repeat(64)}`
      expect(await store.find('claw-conformance/nobody:1', never)).toBeNull()
      expect(await store.find(id, never)).toBeNull()
      await expect(bytesOf(store.export(id, never))).rejects.toMatchObject({ code: 'IMAGE_NOT_FOUND' })
      await expect(store.remove(id, never)).rejects.toMatchObject({ code: 'IMAGE_NOT_FOUND' })
      await expect((async () => store.tag(id, 'a:b', never))()).rejects.toMatchObject({ code: 'IMAGE_NOT_FOUND' })
    })

    test('an image that was exported is the same one after it was imported, and has no name until it is given one', async () => {
      const { id } = await bench.make(name())
      const archive = await bytesOf(store.export(id, never))
      await store.remove(id, never)
      expect(await store.find(id, never)).toBeNull()

      expect(await store.import(id, pieces(archive), never)).toMatchObject({ id, tags: [] })
      const called = name()
      await store.tag(id, called, never)
      expect(await store.find(called, never)).toMatchObject({ id })
      await store.remove(id, never)
    })

    test('an archive of another image is refused, and nothing of it is kept', async () => {
      const [one, other] = [await bench.make(name()), await bench.make(name())]
      const archive = await bytesOf(store.export(other.id, never))
      for (const { id } of [one, other]) await store.remove(id, never)
      await expect(store.import(one.id, pieces(archive), never)).rejects.toMatchObject({ code: 'IMAGE_CORRUPT' })
      expect(await store.find(one.id, never)).toBeNull()
      expect(await store.find(other.id, never)).toBeNull()
    })

    test('an archive that ends too early is refused, and nothing of it is kept', async () => {
      const { id } = await bench.make(name())
      const archive = await bytesOf(store.export(id, never))
      await store.remove(id, never)
      for (const length of [0, 700, archive.length >> 1, archive.length - 1_400])
        await expect(store.import(id, pieces(archive.subarray(0, length)), never)).rejects.toMatchObject({
          code: 'IMAGE_CORRUPT',
        })
      expect(await store.find(id, never)).toBeNull()
    })

    test('when the source fails in the middle, its failure is told and nothing is kept', async () => {
      const { id } = await bench.make(name())
      const archive = await bytesOf(store.export(id, never))
      await store.remove(id, never)
      const failure = new Error('the source died')
      await expect(store.import(id, pieces(archive.subarray(0, 30_000), failure), never)).rejects.toBe(failure)
      expect(await store.find(id, never)).toBeNull()
    })

    test('taking a name away leaves the image its other names; taking the image away takes all of them', async () => {
      const [first, second] = [name(), name()]
      const { id } = await bench.make(first)
      await store.tag(id, second, never)
      await store.remove(first, never)
      expect(await store.find(first, never)).toBeNull()
      expect(await store.find(second, never)).toMatchObject({ id })
      await store.tag(id, first, never)
      await store.remove(id, never)
      expect(await store.find(second, never)).toBeNull()
    })

    test('what is no archive at all is refused', async () => {
      await expect(store.load(pieces(new Uint8Array(0)), never)).rejects.toMatchObject({ code: 'IMAGE_CORRUPT' })
    })

    test('an export that is called off ends', async () => {
      const { id } = await bench.make(name())
      const off = new AbortController()
      const reading = (async () => {
        for await (const chunk of store.export(id, off.signal)) if (chunk.length > 0) off.abort(new Error('enough'))
      })()
      await Promise.allSettled([reading])
      expect(await store.find(id, never)).toMatchObject({ id })
    })
  })
}
