/** Lets an archive pass to the engine, and its end only when it holds the one image that was asked for, under no name. */
import { createHash } from 'node:crypto'
import { BadArchive } from './archive-header.ts'
import { anyRecordOf, recordOf, strictJson } from './archive-json.ts'
import { checkEntry, type Description, descriptions, isLayer } from './archive-layout.ts'
import { ArchiveReader } from './archive.ts'
import { LayerLook } from './layer-look.ts'

/** Archives are filled up with zeros, but not by much. */
const mostZeros = 1_048_576

/** Only when the index has come is it known which blob a manifest is, so all that may be one are kept until then: as large as registries take them, and JSON. */
const largestManifest = 4 * 1_048_576
const mostManifests = 16 * 1_048_576

/** A brace, or blanks before it. */
const mayBeginJson = [0x7b, 0x20, 0x0a, 0x0d, 0x09]

/**
 * The layers need no look, unless they have to be plain: the engine hashes each and compares it with what the image's configuration says, and the configuration is
 * what the id is the hash of. Names would let a peer say what others of our tags mean, so there must be none. Whatever could be read in
 * two ways is refused, because the engine might read it in the other. Throws BadArchive before the engine can have seen the end.
 */
export async function* checkedArchive(
  archive: AsyncIterable<Uint8Array>,
  id: string,
  { isPlain = false }: { readonly isPlain?: boolean } = {},
): AsyncIterable<Uint8Array> {
  const hex = id.replace(/^sha256:/, '')
  const configs = [`blobs/sha256/${hex}`, `${hex}.json`]
  const kept = [...descriptions, ...configs]
  let room = mostManifests
  const isManifest = (name: string, size: number): boolean => {
    if (!isBlob(name) || size > largestManifest || size > room) return false
    room -= size
    return true
  }
  const isWanted = (name: string, size: number): boolean => kept.includes(name) || isManifest(name, size)
  const isStillWanted = (name: string, size: number, first: number): boolean => {
    if (kept.includes(name) || mayBeginJson.includes(first)) return true
    room += size
    return false
  }
  const reader = new ArchiveReader({
    check: checkEntry,
    isWanted,
    isStillWanted,
    ...(isPlain && { look: () => new LayerLook() }),
  })
  const held: Uint8Array[] = []
  let zeros = 0
  for await (const chunk of archive) {
    const wasOver = reader.isOver
    reader.push(chunk)
    if (wasOver) zeros += chunk.length
    if (zeros > mostZeros) throw new BadArchive('it does not end')
    // The chunk in which the end mark is complete stays here, and with it the one before.
    if (reader.isBegun && !reader.isOver) yield* held.splice(0)
    held.push(chunk)
  }
  if (!reader.isOver) throw new BadArchive('it ends before its end')
  check(reader, { hex, configs })
  yield* held
}

interface Wanted {
  readonly hex: string
  readonly configs: readonly string[]
}

/** An engine goes by one of the two, the manifest or the index, so both must be in order and mean the same image. */
function check(reader: ArchiveReader, { hex, configs }: Wanted): void {
  const config = configInManifest(reader)
  const described = reader.files.find(({ name }) => name === config)
  const isAsked = described !== undefined && configs.includes(described.name) && hashOf(described.bytes) === hex
  // An engine that keeps images as containerd does calls them by the hash of their manifest.
  const digest = digestInIndex(reader)
  const isListed = digest === `sha256:${hex}`
  if (!isAsked && !isListed) throw new BadArchive('it holds another image')
  if (digest !== null && !configsOf(reader, digest).some((one) => config === `blobs/sha256/${one}`))
    throw new BadArchive('its manifest and its index mean different images')
  const layout = describedIn(reader, 'oci-layout')
  if (layout !== undefined) recordOf(layout, ['imageLayoutVersion'])
  const names = describedIn(reader, 'repositories')
  if (names !== undefined) recordOf(names, [])
}

function configInManifest(reader: ArchiveReader): unknown {
  const manifest = describedIn(reader, 'manifest.json')
  if (!Array.isArray(manifest) || manifest.length !== 1) throw new BadArchive('it does not hold exactly one image')
  const image = recordOf(manifest[0], ['Config', 'RepoTags', 'Layers', 'LayerSources'])
  const { RepoTags: tags, Layers: layers, LayerSources: sources } = image
  if (Array.isArray(tags) ? tags.length > 0 : (tags ?? null) !== null) throw new BadArchive('it names its image')
  // An image without any is written with null.
  for (const layer of listOf(layers))
    if (typeof layer !== 'string' || !isLayer(layer) || !reader.names.has(layer))
      throw new BadArchive('a layer is not in it')
  // With an address among them, the engine would say that others can get the layer there.
  for (const source of Object.values(anyRecordOf(sources ?? {}))) recordOf(source, ['mediaType', 'digest', 'size'])
  return image['Config']
}

const isBlob = (name: string): boolean => /^blobs\/sha256\/[0-9a-f]{64}$/.test(name)

/** Hashes of the configurations of the image with this digest, or of its variants for several platforms that are here. */
function configsOf(reader: ArchiveReader, digest: unknown): readonly unknown[] {
  const record = blobOf(reader, digest)
  if (record === null) throw new BadArchive('its index holds an image that is not in it')
  const manifests = record['manifests'] === undefined ? null : listOf(record['manifests'])
  const found = manifests?.map((entry) => blobOf(reader, anyRecordOf(entry)['digest'])) ?? [record]
  return found
    .filter((manifest) => manifest !== null && manifest['manifests'] === undefined)
    .map((manifest) => anyRecordOf(recordOf(manifest, manifestKeys)['config'])['digest'])
    .map((config) => (typeof config === 'string' ? config.replace(/^sha256:/, '') : null))
}

const manifestKeys = ['schemaVersion', 'mediaType', 'artifactType', 'config', 'layers', 'subject', 'annotations']

/** Null for one that is not here. */
function blobOf({ files }: ArchiveReader, digest: unknown): ReturnType<typeof anyRecordOf> | null {
  const hex = String(digest).replace(/^sha256:/, '')
  const file = files.find(({ name }) => name === `blobs/sha256/${hex}`)
  if (file === undefined) return null
  if (hashOf(file.bytes) !== hex) throw new BadArchive('a blob is not what its name says')
  return anyRecordOf(strictJson(file.bytes, 'a manifest'))
}

/** Null when there is none. */
function digestInIndex(reader: ArchiveReader): unknown {
  const found = describedIn(reader, 'index.json')
  if (found === undefined) return null
  const index = recordOf(found, ['schemaVersion', 'mediaType', 'manifests', 'annotations'])
  const manifests = listOf(index['manifests'])
  if (manifests.length > 1) throw new BadArchive('its index holds more than one image')
  const entries = manifests.map((entry) =>
    recordOf(entry, ['mediaType', 'digest', 'size', 'platform', 'annotations', 'artifactType']),
  )
  for (const { annotations } of [index, ...entries])
    if (Object.keys(anyRecordOf(annotations ?? {})).some(isName)) throw new BadArchive('its index names its image')
  return entries[0]?.['digest'] ?? null
}

const isName = (annotation: string): boolean => /(image|ref)\.name/i.test(annotation)

const hashOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

function describedIn({ files }: ArchiveReader, wanted: Description): unknown {
  const file = files.find(({ name }) => name === wanted)
  return file === undefined ? undefined : strictJson(file.bytes, wanted)
}

function listOf(value: unknown): readonly unknown[] {
  if (value !== null && value !== undefined && !Array.isArray(value)) throw new BadArchive('it describes itself badly')
  return (value ?? []) as readonly unknown[]
}
