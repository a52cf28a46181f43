/** Objects of a store as files of an archive: which of them can be files, and all that they hold, one after the other. */
import { tarEnd, tarHeader, tarPadding } from '../../lib/tar-header.ts'
import { sha256 } from '../../lib/sha256.ts'
import { ClawError } from '../../model/failure.ts'
import type { ObjectStore, StoredObject } from '../../ports/objects.ts'

/** Most bytes of a name between two slashes, and of a whole one, that file systems take. */
const most = { part: 255, whole: 3_072 } as const

export interface Plan {
  readonly files: readonly StoredObject[]
  readonly bytes: number
  /** Of all names and of what each holds: another one whenever any of that is. */
  readonly print: string
}

/** Throws VOLUME_SOURCE for objects that cannot all be files. Names that end with a slash stand for folders, and are left out. */
export function planOf(objects: readonly StoredObject[], volume: string): Plan {
  const files = objects.filter(({ key }) => !key.endsWith('/')).toSorted((a, b) => (a.key < b.key ? -1 : 1))
  const names = new Set(files.map(({ key }) => key))
  for (const { key } of files) {
    const why = obstacleOf(key, names)
    if (why !== null)
      throw new ClawError('VOLUME_SOURCE', {
        volume,
        detail: `${JSON.stringify(key.slice(0, 256))} can be no file: ${why}`,
      })
  }
  if (names.size < files.length) throw new ClawError('VOLUME_SOURCE', { volume, detail: 'it lists an object twice' })
  return {
    files,
    bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
    print: sha256(JSON.stringify(files.map(({ key, bytes, etag }) => [key, bytes, etag]))).slice(0, 32),
  }
}

function obstacleOf(key: string, names: ReadonlySet<string>): string | null {
  const parts = key.split('/')
  if (parts.some((part) => part === '' || part === '.' || part === '..')) return 'its name is no path'
  if (/[\0-\x1f\x7f]/.test(key)) return 'its name holds a control character'
  if (Buffer.byteLength(key) > most.whole || parts.some((part) => Buffer.byteLength(part) > most.part))
    return 'its name is too long'
  const isFile = parts.slice(0, -1).some((_, i) => names.has(parts.slice(0, i + 1).join('/')))
  return isFile ? 'a part of its name is a file itself' : null
}

/** In bounded memory: one after the other, as whoever reads it takes them. Nobody but root may write to them, unless it is to be written. */
export async function* archiveOf(
  { files }: Pick<Plan, 'files'>,
  store: Pick<ObjectStore, 'read'>,
  signal: AbortSignal,
  isWritten = false,
): AsyncGenerator<Uint8Array> {
  if (isWritten)
    for (const folder of foldersOf(files))
      yield tarHeader({ name: `${folder}/`, bytes: 0, isFolder: true, mode: 0o777 })
  for (const file of files) {
    const mode = isWritten ? 0o666 : 0o644
    yield tarHeader({ name: file.key, bytes: file.bytes, modified: file.modified, mode })
    yield* store.read(file, signal)
    yield tarPadding(file.bytes)
  }
  yield tarEnd()
}

/** Those that are in others after them. */
function foldersOf(files: Plan['files']): readonly string[] {
  const folders = new Set<string>()
  for (const { key } of files)
    for (let cut = key.indexOf('/'); cut > 0; cut = key.indexOf('/', cut + 1)) folders.add(key.slice(0, cut))
  return [...folders].toSorted()
}
