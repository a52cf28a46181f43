import { describe, expect, test } from 'vitest'
import { checkedArchive } from '../../../../src/adapters/docker/archive-check.ts'
import { BadArchive } from '../../../../src/adapters/docker/archive-header.ts'
import { sha256 } from '../../../../src/lib/sha256.ts'
import { cut } from '../../../support/passed-archive.ts'
import { extension, type TarFile, tarOf } from '../../../support/tar.ts'

const config = Buffer.from(JSON.stringify({ architecture: 'amd64', rootfs: { type: 'layers', diff_ids: [] } }))
const hex = sha256(config)

function imageWith(layer: Buffer): Buffer {
  const file: TarFile = { name: `blobs/sha256/${sha256(layer)}`, content: layer }
  const described = [{ Config: `blobs/sha256/${hex}`, RepoTags: null, Layers: [file.name] }]
  const manifest = { name: 'manifest.json', content: Buffer.from(JSON.stringify(described)) }
  return Buffer.from(tarOf([file, { name: `blobs/sha256/${hex}`, content: config }, manifest]))
}

/** In one piece, and in pieces that end in the middle of everything. */
async function taken(archive: Buffer, isPlain: boolean, at: readonly number[]): Promise<number> {
  let bytes = 0
  async function* source(): AsyncGenerator<Uint8Array> {
    for (const part of cut(archive, at)) yield await Promise.resolve(part)
  }
  for await (const part of checkedArchive(source(), `sha256:${hex}`, { isPlain })) bytes += part.length
  return bytes
}

describe('an image of somebody who is trusted in nothing', () => {
  const rest = Buffer.alloc(5_000, 7)

  test.each([
    ['gzip', '1f8b08'],
    ['bzip2', '425a68'],
    ['xz', 'fd377a585a00'],
    ['zstd', '28b52ffd'],
    ['a frame that zstd skips', '5a2a4d18'],
  ])('is refused when a layer is compressed by %s, wherever it is cut', async (_, magic) => {
    const archive = imageWith(Buffer.concat([Buffer.from(magic, 'hex'), rest]))
    const sizes = [[], [513], [512, 513, 514, 515, 516]]
    for (const at of sizes) await expect(taken(archive, true, at)).rejects.toThrow(BadArchive)
    expect(await taken(archive, false, [])).toBe(archive.length)
  })

  test('is taken when its layers are plain', async () => {
    const archive = imageWith(rest)
    expect(await taken(archive, true, [513])).toBe(archive.length)
  })

  const put =
    (text: string, at: number) =>
    (bytes: Buffer): void =>
      void bytes.write(text, at, 'latin1')
  const file: TarFile = { name: 'data', content: rest }
  const huge = put('77777777777\0', 124)
  const large: TarFile = { name: 'data', content: Buffer.alloc(0), spoil: huge }
  const said = (...records: readonly (readonly [string, string])[]): Buffer => tarOf([extension(records), file])

  test.each<readonly [string, Buffer]>([
    ['a sparse file as GNU tar had them', tarOf([{ ...file, type: 'S' }])],
    ['a map of holes', said(['GNU.sparse.map', '0,1'], ['GNU.sparse.size', '10000000000000'])],
    ['a map of holes in the file', said(['GNU.sparse.major', '1'], ['GNU.sparse.realsize', '10000000000000'])],
    ['a sparse file after another', Buffer.concat([tarOf([file], false), tarOf([{ ...file, type: 'S' }])])],
    ['a map of holes for all', tarOf([{ ...extension([['GNU.sparse.map', '0,1']]), type: 'g' }, file])],
    ['a file that is larger than it', tarOf([large])],
    ['a file that is said to be larger than it', said(['size', '10000000000000'])],
    ['a size that is none', said(['size', '-1'])],
    ['what is said of one file twice', tarOf([extension([['size', '5000']]), extension([['size', '0']]), file])],
    ['a folder with content', tarOf([{ ...file, type: '5' }])],
    ['a file of the oldest kind, which may be a folder', tarOf([{ ...file, name: 'data/', type: '\0' }])],
    ['something after its end', Buffer.concat([tarOf([]), tarOf([{ ...file, type: 'S' }])])],
    ['a header of another format', tarOf([{ ...file, type: 'S', spoil: put('\0\0\0\0\0\0\0\0', 257) }])],
  ])('is refused when a layer holds %s, wherever it is cut', async (_, layer) => {
    const archive = imageWith(layer)
    const sizes = [[], [513], [1_023, 1_024, 1_025, 1_026], [600, 1_500, 1_600]]
    for (const at of sizes) await expect(taken(archive, true, at)).rejects.toThrow(/layer/)
    expect(await taken(archive, false, [])).toBe(archive.length)
  })

  test('is taken with all that layers are made of, wherever it is cut', async () => {
    const nothing = Buffer.alloc(0)
    const layer = tarOf([
      { name: 'etc/', content: nothing, type: '5' },
      extension([['path', 'x'.repeat(200)]]),
      { ...file, name: 'long' },
      extension([['size', '5000']]),
      { ...file, name: 'said', spoil: put('00000000000\0', 124) },
      { name: '././@LongLink', content: Buffer.from(`${'y'.repeat(200)}\0`), type: 'L' },
      { ...file, name: 'old' },
      { name: 'etc/link', content: nothing, type: '2', target: 'long' },
      { name: 'dev/null', content: nothing, type: '3' },
      { name: 'empty', content: nothing },
    ])
    const all = [layer, tarOf([{ ...file, name: 'unended' }], false), tarOf([]), nothing]
    for (const archive of all.map(imageWith))
      for (const at of [[], [513], [1_023, 1_024, 1_025, 1_026], [600, 1_500, 1_600]])
        expect(await taken(archive, true, at)).toBe(archive.length)
  })
})
