import { describe, expect, test } from 'vitest'
import { checkedArchive } from '../../../../src/adapters/docker/archive-check.ts'
import { BadArchive } from '../../../../src/adapters/docker/archive-header.ts'
import { sha256 } from '../../../../src/lib/sha256.ts'
import { cut } from '../../../support/passed-archive.ts'
import { type TarFile, tarOf } from '../../../support/tar.ts'

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
})
