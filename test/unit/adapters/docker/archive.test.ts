import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { BadArchive } from '../../../../src/adapters/docker/archive-header.ts'
import { ArchiveReader } from '../../../../src/adapters/docker/archive.ts'
import { sha256 } from '../../../../src/lib/sha256.ts'
import { cut, hasEnd, passed as passedFor } from '../../../support/passed-archive.ts'
import { extension, type TarFile, tarOf } from '../../../support/tar.ts'

const text = (value: unknown): Uint8Array => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value))
const config = text({ architecture: 'amd64', rootfs: { type: 'layers', diff_ids: [] } })
const hex = sha256(config)
const id = `sha256:${hex}`
const passed = (archive: readonly Uint8Array[]) => passedFor(archive, id)
const configFile: TarFile = { name: `blobs/sha256/${hex}`, content: config }
const described = text({ schemaVersion: 2, config: { digest: id } })
const content = new Uint8Array(5_000).fill(7)
const layer: TarFile = { name: `blobs/sha256/${sha256(content)}`, content }
const plain = { Config: configFile.name, RepoTags: null, Layers: [layer.name] }
const manifest = (parts: object = {}): TarFile => ({
  name: 'manifest.json',
  content: text([{ ...plain, ...parts }]),
})
/** With a manifest that is written by hand. */
const written = (more: string): readonly TarFile[] => [
  ...[layer, configFile],
  { name: 'manifest.json', content: text(`[{${JSON.stringify(plain).slice(1, -1)},${more}}]`) },
]
const good: readonly TarFile[] = [layer, configFile, manifest()]
const index = (parts: object): readonly TarFile[] => [...good, { name: 'index.json', content: text(parts) }]
const folder = (name: string, type = '5'): TarFile => ({ name, content: text(''), type })
const link = (name: string, target: string, type = '2'): TarFile => ({ name, content: text(''), type, target })
const spoilt = (spoil: (header: Buffer) => void): readonly TarFile[] => [{ ...layer, spoil }, ...good.slice(1)]

const hash = 'a'.repeat(64)
/** As engines before the OCI layout wrote it, with a layer that comes twice. */
const legacy: readonly TarFile[] = [
  folder(`${hash}/`),
  { name: `${hash}/layer.tar`, content },
  { name: `${hash}/VERSION`, content: text('1.0') },
  { name: `${hash}/json`, content: text({ id: hash }) },
  link(`${'b'.repeat(64)}/layer.tar`, `../${hash}/layer.tar`),
  { name: `${hex}.json`, content: config },
  manifest({ Config: `${hex}.json`, Layers: [`${hash}/layer.tar`, `${'b'.repeat(64)}/layer.tar`] }),
  { name: 'repositories', content: text({}) },
]

describe('every byte passes, however it is cut,', () => {
  test.each<[string, readonly TarFile[]]>([
    ['of the archive of the image that was asked for', good],
    ['of one in the form of older engines', legacy],
    ['of one that says the size of a layer in an extended header', [extension([['size', '5000']]), ...good]],
    [
      'of one with an index and sources of its layers',
      [
        ...[folder('blobs/'), folder('blobs/sha256/'), layer, configFile],
        { name: `blobs/sha256/${sha256(described)}`, content: described },
        { name: 'index.json', content: text({ manifests: [{ digest: `sha256:${sha256(described)}`, size: 9 }] }) },
        manifest({ LayerSources: { 'sha256:1': { mediaType: 'a', size: 1, digest: 'sha256:1' } } }),
        { name: 'oci-layout', content: text({ imageLayoutVersion: '1.0.0' }) },
      ],
    ],
  ])('%s', async (_, files) => {
    const archive = tarOf(files)
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(), { maxLength: 20 }), async (cuts) => {
        expect(await passed(cut(archive, cuts))).toEqual({ bytes: archive, error: null })
      }),
      { numRuns: 50 },
    )
  })
})

test('given a layer of more than 8 GiB, its size is taken from the extended header', () => {
  const reader = new ArchiveReader({ check: () => {}, isWanted: () => false })
  const large = 9 * 1024 ** 3
  reader.push(tarOf([extension([['size', String(large)]]), { ...layer, content: text('') }], false))
  const part = new Uint8Array(64 * 1_048_576)
  for (let left = large; left > 0; left -= part.length) reader.push(part.subarray(0, left))
  reader.push(tarOf([configFile]))
  expect([[...reader.names], reader.isOver]).toEqual([[layer.name, configFile.name], true])
})

describe('is refused, and the engine never sees its end:', () => {
  test.each<[string, readonly TarFile[]]>([
    ['an archive without a manifest', [layer, configFile]],
    ['one with a name for its image', [layer, configFile, manifest({ RepoTags: ['evil/nginx:latest'] })]],
    ['one with two images', [configFile, { name: 'manifest.json', content: text([{}, {}]) }]],
    ['one of another image', [{ ...configFile, content: text('{}') }, manifest()]],
    ['one whose manifest points elsewhere', [layer, configFile, manifest({ Config: layer.name })]],
    ['one without a layer', [configFile, manifest()]],
    ['one with a second manifest', [layer, configFile, manifest(), manifest({ RepoTags: ['a:b'] })]],
    [
      'one with a second manifest by another path',
      [configFile, manifest(), { ...manifest(), name: './manifest.json' }],
    ],
    ['one whose manifest is a link', [configFile, link('manifest.json', configFile.name)]],
    [
      'one with the names of old engines',
      [...good, { name: 'repositories', content: text({ nginx: { latest: 'x' } }) }],
    ],
    ['one whose index names its image', index({ manifests: [{ annotations: { 'io.containerd.image.name': 'a' } }] })],
    [
      'one whose index names it in capitals',
      index({ Manifests: [{ annotations: { 'io.containerd.image.name': 'a' } }] }),
    ],
    ['one whose index holds two', index({ manifests: [{ digest: 'sha256:a' }, { digest: 'sha256:b' }] })],
    ['one that leads out of itself', [...good, { name: '../../etc/passwd', content: text('x') }]],
    ['one with a device in it', [...good, folder('dev', '3')]],
    ['one with a file that no engine writes', [...good, { name: 'evil', content: text('x') }]],
    ['one whose manifest is no JSON', [configFile, { name: 'manifest.json', content: text('{') }]],
    ['one with a name under a key in other case', written('"repotags":["evil:1"]')],
    ['one with a name under a key of other letters', written('"RepoTag\u017f":["evil:1"]')],
    ['one with a key twice', written('"RepoTags":["evil:1"],"RepoTags":null')],
    ['one with a key twice, once escaped', written('"Repo\\u0054ags":["evil:1"],"RepoTags":null')],
    ['one with the image that it was made of', written('"Parent":"sha256:1"')],
    ['one with an address for a layer', written('"LayerSources":{"a":{"urls":["http://evil"]}}')],
    ['one that is not UTF-8', [layer, configFile, { name: 'manifest.json', content: Buffer.from([0x5b, 0xff, 0x5d]) }]],
    [
      'a path that is said twice',
      [
        layer,
        configFile,
        extension([
          ['path', 'oci-layout'],
          ['path', 'manifest.json'],
        ]),
        manifest(),
      ],
    ],
    [
      'a path within another record',
      [layer, configFile, extension([['uname', 'a\n17 path=oci-layout']]), extension([]), manifest()],
    ],
    ['a path of nothing', [layer, configFile, extension([['path', '']]), manifest()]],
    [
      'a size that is said twice',
      [
        extension([
          ['size', '0'],
          ['size', '5000'],
        ]),
        ...good,
      ],
    ],
    ['a size that is none', [extension([['size', '+5000']]), ...good]],
    ['a sparse file', [extension([['GNU.sparse.name', 'manifest.json']]), ...good]],
    ['an attribute', [extension([['SCHILY.xattr.user.a', 'b']]), ...good]],
    ['an extended header for all', [{ ...extension([['path', 'manifest.json']]), type: 'g' }, ...good]],
    ['two extended headers in a row', [extension([['uid', '1']]), extension([['uid', '2']]), ...good]],
    ['an extended header of nothing', [...good, extension([['uid', '1']])]],
    ['a sparse file of the old kind', [...good, { ...layer, name: `${hash}.tar`, type: 'S' }]],
    ['a hard link', [...legacy.slice(0, 4), link(`${'b'.repeat(64)}/layer.tar`, `../${hash}/layer.tar`, '1')]],
    ['a link to the outside', [...good, link(`${hash}/layer.tar`, '/etc/passwd')]],
    ['a link for a folder', [...good, link(hash, '.'), { ...manifest({ RepoTags: ['a:b'] }), name: `${hash}/json` }]],
    ['what lies below a link', [link('blobs', '.'), ...good]],
    ['what lies below a file', [{ name: 'blobs', content: text('x') }, ...good]],
    ['a folder in the place of a file', [...good, folder('manifest.json')]],
    ['a folder with content', [{ name: 'blobs', content: manifest().content, type: '5' }, ...good]],
    ['a file that ends in a slash', [{ name: 'blobs/', content: text('x') }, ...good]],
    ['a file of the oldest kind', [{ ...layer, type: '\0' }, ...good.slice(1)]],
    ['a header of GNU', spoilt((header) => header.write('ustar  \0', 257, 'latin1'))],
    ['a header of star', spoilt((header) => header.write('tar\0', 508, 'latin1'))],
    ['a header with the beginning of a path', spoilt((header) => header.write('blobs', 345, 'latin1'))],
    ['a size after a zero', spoilt((header) => header.write('\u00000000011610', 124, 'latin1'))],
    ['a size with a letter', spoilt((header) => header.write('0000001161x', 124, 'latin1'))],
    ['a size as a binary number', spoilt((header) => Buffer.from('800000000000000000001388', 'hex').copy(header, 124))],
    ['one that begins as gzip does', [{ name: '\u001f\u008b\b', content: text('') }, ...good]],
  ])('%s', async (_, files) => {
    const { bytes, error } = await passed(cut(tarOf(files), [600, 1_200, 6_000]))
    expect(error).toBeInstanceOf(BadArchive)
    expect(hasEnd(bytes)).toBe(false)
  })

  test.each<[string, string]>([
    ['gzip', '1f8b0804'],
    ['bzip2', '425a6839'],
    ['xz', 'fd377a585a00'],
    ['zstd', '28b52ffd'],
    ['a frame that zstd skips', '5e2a4d18'],
  ])('one whose first name begins as %s does, before the engine has seen any of it', async (_, magic) => {
    const named = {
      ...extension([['uid', '1']]),
      name: `${Buffer.from(magic, 'hex').toString('latin1')}/PaxHeaders.0/x`,
    }
    const { bytes, error } = await passed(cut(tarOf([named, ...good]), [3, 100, 300]))
    expect(error).toBeInstanceOf(BadArchive)
    expect(bytes).toHaveLength(0)
  })

  test.each([
    '',
    'PaxHeaders.0/\u00e9',
    'next',
    '../PaxHeaders.0/next',
    'PaxHeaders.0/next/BZh',
    'evil/PaxHeaders.0/next',
  ])('one with an extended header called %j, as no writer does', async (name) => {
    const { error } = await passed([tarOf([{ ...extension([['uid', '1']]), name }, ...good])])
    expect(error).toBeInstanceOf(BadArchive)
  })

  test('one whose real name is not the one that an extended header gives it, and is no text', async () => {
    const files = [extension([['path', layer.name]]), { ...layer, name: '\u0001' }, ...good.slice(1)]
    expect((await passed([tarOf(files)])).error).toBeInstanceOf(BadArchive)
  })

  test('one that goes on behind its end', async () => {
    const { bytes, error } = await passed([Buffer.concat([tarOf(good), tarOf([manifest()])])])
    expect(error).toBeInstanceOf(BadArchive)
    expect(hasEnd(bytes)).toBe(false)
  })

  test('any archive that is cut short', async () => {
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

  test('any with a key of its manifest in other case, whichever', async () => {
    const keys = ['Config', 'RepoTags', 'Layers', 'LayerSources', 'Parent']
    const otherCase = fc
      .tuple(fc.constantFrom(...keys), fc.array(fc.boolean(), { minLength: 12, maxLength: 12 }))
      .map(([key, flips]) =>
        [...key].map((char, i) => (flips[i] === true ? char.toUpperCase() : char.toLowerCase())).join(''),
      )
      .filter((key) => !keys.includes(key))
    await fc.assert(
      fc.asyncProperty(otherCase, async (key) => {
        const { error } = await passed([tarOf(written(`${JSON.stringify(key)}:null`))])
        expect(error).toBeInstanceOf(BadArchive)
      }),
    )
  })
})

test('given any bytes at all, the reader takes them or says what is wrong with them', () => {
  const mutated = fc
    .tuple(
      fc.constantFrom(tarOf(good), tarOf(legacy), tarOf([extension([['size', '5000']]), ...good])),
      fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 8 }),
    )
    .map(([bytes, changes]) => {
      const copy = Buffer.from(bytes)
      for (const [at, value] of changes) copy[at % copy.length] = value
      return copy
    })
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 4_000 }), mutated), (bytes) => {
      try {
        new ArchiveReader({ check: () => {}, isWanted: () => true }).push(bytes)
      } catch (error) {
        expect(error).toBeInstanceOf(BadArchive)
      }
    }),
    { numRuns: 500 },
  )
})

test('given an archive of which anything was changed, it is refused, or says of its image just what it said before', async () => {
  const archive = tarOf(good)
  /** Where the layer lies: what is in it is for the engine to check. */
  const [from, to] = [512, 512 + content.length]
  const elsewhere = fc.integer({ min: 0, max: archive.length - 1 }).filter((at) => at < from || at >= to)
  await fc.assert(
    fc.asyncProperty(elsewhere, fc.integer({ min: 0, max: 255 }), async (at, value) => {
      const changed = Buffer.from(archive)
      changed[at] = value
      const { error } = await passed([changed])
      if (error !== null) {
        expect(error).toBeInstanceOf(BadArchive)
        return
      }
      const reader = new ArchiveReader({ check: () => {}, isWanted: (name) => name !== layer.name })
      reader.push(changed)
      const said = JSON.parse(Buffer.from(reader.files.at(-1)?.bytes ?? []).toString('utf8')) as unknown
      expect(said).toEqual([plain])
    }),
    { numRuns: 500 },
  )
})
