/** Lets an archive pass to the engine, and its end only when it holds the one image that was asked for, under no name. */
import { createHash } from 'node:crypto'
import { type ArchiveFile, ArchiveReader, BadArchive } from './archive.ts'

/** Archives are filled up with zeros, but not by much. */
const mostZeros = 1_048_576

/**
 * The layers need no look: the engine hashes each and compares it with what the image's configuration says, and the configuration is
 * what the id is the hash of. Names would let a peer say what others of our tags mean, so there must be none. Throws BadArchive before
 * the engine can have seen the end.
 */
export async function* checkedArchive(archive: AsyncIterable<Uint8Array>, id: string): AsyncIterable<Uint8Array> {
  const hex = id.replace(/^sha256:/, '')
  const configs = [`blobs/sha256/${hex}`, `${hex}.json`]
  const reader = new ArchiveReader((name) => descriptions.includes(name) || configs.includes(name))
  const held: Uint8Array[] = []
  let zeros = 0
  for await (const chunk of archive) {
    const wasOver = reader.isOver
    reader.push(chunk)
    if (wasOver) zeros += chunk.length
    if (zeros > mostZeros) throw new BadArchive('it does not end')
    // The chunk in which the end mark is complete stays here, and with it the one before.
    if (!reader.isOver) yield* held.splice(0)
    held.push(chunk)
  }
  if (!reader.isOver) throw new BadArchive('it ends before its end')
  check(reader.files, { hex, configs })
  yield* held
}

const descriptions: readonly string[] = ['manifest.json', 'index.json', 'repositories']

interface Wanted {
  readonly hex: string
  readonly configs: readonly string[]
}

function check(files: readonly ArchiveFile[], { hex, configs }: Wanted): void {
  const manifest = jsonOf(files, 'manifest.json')
  if (!Array.isArray(manifest) || manifest.length !== 1) throw new BadArchive('it does not hold exactly one image')
  const { Config: config, RepoTags: tags } = recordOf(manifest[0])
  if (Array.isArray(tags) ? tags.length > 0 : (tags ?? null) !== null) throw new BadArchive('it names its image')
  const described = files.find(({ name }) => name === config)
  const isAsked = described !== undefined && configs.includes(described.name) && hashOf(described.bytes) === hex
  const index = recordOf(jsonOf(files, 'index.json') ?? {})
  const entries = Array.isArray(index['manifests']) ? index['manifests'].map(recordOf) : []
  if (entries.some(({ annotations }) => Object.keys(recordOf(annotations ?? {})).some(isName)))
    throw new BadArchive('its index names its image')
  if (Object.keys(recordOf(jsonOf(files, 'repositories') ?? {})).length > 0)
    throw new BadArchive('it has a list of names')
  // An engine that keeps images as containerd does calls them by the hash of their manifest.
  const isListed = entries.length === 1 && entries[0]?.['digest'] === `sha256:${hex}`
  if (!isAsked && !isListed) throw new BadArchive('it holds another image')
}

const isName = (annotation: string): boolean => /image\.name|ref\.name/.test(annotation)

const hashOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

function jsonOf(files: readonly ArchiveFile[], wanted: string): unknown {
  const file = files.find(({ name }) => name === wanted)
  if (file === undefined) return undefined
  try {
    return JSON.parse(Buffer.from(file.bytes).toString('utf8'))
  } catch (error) {
    throw new BadArchive(`${wanted} is not JSON`, { cause: error })
  }
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new BadArchive('it describes itself badly')
  return value as Readonly<Record<string, unknown>>
}
