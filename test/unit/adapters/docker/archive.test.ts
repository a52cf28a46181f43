import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { checkedArchive } from '../../../../src/adapters/docker/archive-check.ts'
import { ArchiveReader, BadArchive } from '../../../../src/adapters/docker/archive.ts'
import { sha256 } from '../../../../src/lib/sha256.ts'
import { type TarFile, tarOf } from '../../../support/tar.ts'

const text = (value: unknown): Uint8Array => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value))
const config = text({ architecture: 'amd64', rootfs: { type: 'layers', diff_ids: [] } })
const hex = sha256(config)
const id = `sha256:${hex}`
const configFile: TarFile = { name: `blobs/sha256/${hex}`, content: config }
const manifest = (parts: object = {}): TarFile => ({
  name: 'manifest.json',
  content: text([{ Config: configFile.name, RepoTags: null, Layers: [], ...parts }]),
})
const layer: TarFile = { name: 'blobs/sha256/layer', content: new Uint8Array(5_000).fill(7) }
const good: readonly TarFile[] = [layer, configFile, manifest()]

const cut = (bytes: Uint8Array, at: readonly number[]): Uint8Array[] => {
  const ends = [...new Set(at.map((n) => n % bytes.length))].toSorted((a, b) => a - b)
  return [0, ...ends].map((from, i) => bytes.subarray(from, ends[i] ?? bytes.length))
}

/** What the engine gets to see, and the error if there is one. */
async function passed(archive: readonly Uint8Array[]): Promise<{ bytes: Buffer; error: unknown }> {
  const seen: Uint8Array[] = []
  const source = async function* (): AsyncIterable<Uint8Array> {
    for (const part of archive) yield await Promise.resolve(part)
  }
  try {
    for await (const part of checkedArchive(source(), id)) seen.push(part)
    return { bytes: Buffer.concat(seen), error: null }
  } catch (error) {
    return { bytes: Buffer.concat(seen), error }
  }
}

/** An engine stops reading at two blocks of zeros. */
const hasEnd = (bytes: Buffer): boolean => {
  try {
    const reader = new ArchiveReader(() => false)
    reader.push(bytes)
    return reader.isOver
  } catch {
    return false
  }
}

test('given the archive of the image that was asked for, every byte of it passes, however it is cut', async () => {
  const archive = tarOf(good)
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(), { maxLength: 20 }), async (cuts) => {
      expect(await passed(cut(archive, cuts))).toEqual({ bytes: archive, error: null })
    }),
    { numRuns: 100 },
  )
})

describe('is refused, and the engine never sees its end', () => {
  test.each<[string, readonly TarFile[]]>([
    ['an archive without a manifest', [layer, configFile]],
    ['one with a name for its image', [layer, configFile, manifest({ RepoTags: ['evil/nginx:latest'] })]],
    ['one with two images', [configFile, { name: 'manifest.json', content: text([{}, {}]) }]],
    ['one of another image', [{ ...configFile, content: text('{}') }, manifest()]],
    ['one whose manifest points elsewhere', [layer, configFile, manifest({ Config: 'blobs/sha256/layer' })]],
    ['one with a second manifest', [layer, configFile, manifest(), manifest({ RepoTags: ['a:b'] })]],
    [
      'one with a second manifest by another path',
      [configFile, manifest(), { ...manifest(), name: './manifest.json' }],
    ],
    ['one whose manifest is a link', [configFile, { name: 'manifest.json', content: text(''), type: '2' }]],
    [
      'one with the names of old engines',
      [...good, { name: 'repositories', content: text({ nginx: { latest: 'x' } }) }],
    ],
    [
      'one whose index names its image',
      [
        ...good,
        { name: 'index.json', content: text({ manifests: [{ annotations: { 'io.containerd.image.name': 'a' } }] }) },
      ],
    ],
    ['one that leads out of itself', [...good, { name: '../../etc/passwd', content: text('x') }]],
    ['one with a device in it', [...good, { name: 'dev', content: text(''), type: '3' }]],
    ['one whose manifest is no JSON', [configFile, { name: 'manifest.json', content: text('{') }]],
  ])('%s', async (_, files) => {
    const { bytes, error } = await passed(cut(tarOf(files), [600, 1_200, 6_000]))
    expect(error).toBeInstanceOf(BadArchive)
    expect(hasEnd(bytes)).toBe(false)
  })

  test('one that goes on behind its end', async () => {
    const { bytes, error } = await passed([Buffer.concat([tarOf(good), tarOf([manifest()])])])
    expect(error).toBeInstanceOf(BadArchive)
    expect(hasEnd(bytes)).toBe(false)
  })

  test('any archive that is cut short or changed in its headers', async () => {
    const archive = tarOf(good)
    await fc.assert(
      fc.asyncProperty(fc.nat(archive.length - 1_025), fc.array(fc.nat(), { maxLength: 6 }), async (length, cuts) => {
        const { bytes, error } = await passed(cut(archive.subarray(0, length + 1), cuts))
        expect(error).toBeInstanceOf(BadArchive)
        expect(hasEnd(bytes)).toBe(false)
      }),
      { numRuns: 100 },
    )
  })
})

test('given any bytes at all, the reader takes them or says what is wrong with them', () => {
  const mutated = fc
    .tuple(fc.constant(tarOf(good)), fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 8 }))
    .map(([bytes, changes]) => {
      const copy = Buffer.from(bytes)
      for (const [at, value] of changes) copy[at % copy.length] = value
      return copy
    })
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 4_000 }), mutated), (bytes) => {
      try {
        new ArchiveReader(() => true).push(bytes)
      } catch (error) {
        expect(error).toBeInstanceOf(BadArchive)
      }
    }),
    { numRuns: 500 },
  )
})
