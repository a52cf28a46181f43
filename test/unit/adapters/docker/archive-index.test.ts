/** Archives with an index: some engines go by it, others by the manifest, so the two must mean the same image. */
import { expect, test } from 'vitest'
import { BadArchive } from '../../../../src/adapters/docker/archive-header.ts'
import { sha256 } from '../../../../src/lib/sha256.ts'
import { hasEnd, passed } from '../../../support/passed-archive.ts'
import { type TarFile, tarOf } from '../../../support/tar.ts'

const text = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value))
const blob = (content: Uint8Array): TarFile => ({ name: `blobs/sha256/${sha256(content)}`, content })
const digestOf = (content: Uint8Array): string => `sha256:${sha256(content)}`

const config = text({ architecture: 'amd64' })
const evil = text({ architecture: 'amd64', config: { Cmd: ['evil'] } })
const manifestOf = (of: Uint8Array): Uint8Array =>
  text({ schemaVersion: 2, config: { digest: digestOf(of) }, layers: [] })
/** An image for several platforms, of which only the first is here, as engines save them. */
const variants = text({
  schemaVersion: 2,
  manifests: [{ digest: digestOf(manifestOf(config)) }, { digest: digestOf(manifestOf(evil)) }],
})

const archive = (described: Uint8Array, listed: Uint8Array, more: readonly Uint8Array[] = []): readonly TarFile[] => [
  ...[config, evil, listed, ...more].map(blob),
  { name: 'index.json', content: text({ schemaVersion: 2, manifests: [{ digest: digestOf(listed) }] }) },
  { name: 'manifest.json', content: text([{ Config: blob(described).name, RepoTags: null, Layers: [] }]) },
]

/** With annotations that take it far above what manifests usually have, and layers before it that are small, or look like JSON for a byte. */
const large = text({
  ...{ schemaVersion: 2, config: { digest: digestOf(config) }, layers: [] },
  annotations: Object.fromEntries(Array.from({ length: 2_000 }, (_, i) => [`note-${i}`, 'x'.repeat(100)])),
})
const layers = Array.from({ length: 40 }, (_, i) => Buffer.concat([Buffer.from([0x1f, i]), Buffer.alloc(1_048_576)]))

test('one with a manifest of some size passes, whatever small layers come before it', async () => {
  const files = [...layers.map((layer) => blob(layer)), ...archive(config, large)]
  const bytes = tarOf(files)
  expect(large.length).toBeGreaterThan(200_000)
  const { bytes: out, error } = await passed([bytes], digestOf(large))
  // Comparing 40 MB one by one would take longer than all the rest.
  expect([error, Buffer.compare(out, bytes)]).toEqual([null, 0])
})

test.each<[string, readonly TarFile[], Uint8Array]>([
  ['by its configuration', archive(config, manifestOf(config)), config],
  ['by its manifest', archive(config, manifestOf(config)), manifestOf(config)],
  ['by the list of its variants', archive(config, variants, [manifestOf(config)]), variants],
])('one that was asked for %s passes', async (_, files, asked) => {
  const bytes = tarOf(files)
  expect(await passed([bytes], digestOf(asked))).toEqual({ bytes, error: null })
})

test.each<[string, readonly TarFile[], Uint8Array]>([
  ['whose manifest describes another image than its index', archive(evil, manifestOf(config)), manifestOf(config)],
  ['whose manifest describes none of the variants', archive(evil, variants, [manifestOf(config)]), variants],
  ['whose index lists another image than its manifest', archive(config, manifestOf(evil)), config],
  [
    'whose index names a manifest that is not in it',
    archive(config, manifestOf(config)).filter(({ name }) => name !== blob(manifestOf(config)).name),
    manifestOf(config),
  ],
  [
    'whose manifest has other bytes than its name says',
    archive(config, manifestOf(config)).map((file) =>
      file.name === blob(manifestOf(config)).name ? { ...file, content: manifestOf(evil) } : file,
    ),
    manifestOf(config),
  ],
])('one %s is refused', async (_, files, asked) => {
  const { bytes, error } = await passed([tarOf(files)], digestOf(asked))
  expect(error).toBeInstanceOf(BadArchive)
  expect(hasEnd(bytes)).toBe(false)
})
