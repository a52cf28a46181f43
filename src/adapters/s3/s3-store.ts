/** Backups in a bucket of a store of objects that speaks as S3 does. Large files go in parts, of which one is in memory at a time. */
import { createHash } from 'node:crypto'
import { S3mini } from 's3mini'
import type { BackupTarget } from '../../model/backup.ts'
import { ClawError } from '../../model/failure.ts'
import type { BackupStore } from '../../ports/backups.ts'
import type { Copied } from '../../ports/volumes.ts'

type Place = Extract<BackupTarget, { readonly type: 's3' }>

/** A store takes at most 10,000 of them: 156 GiB in one file. */
const partBytes = 16 * 1_048_576
const sealedType = 'application/octet-stream'

/** `keys` is `ID:KEY`, as text. Throws BACKUP_TARGET where it is not. */
export function s3Store(place: Place, keys: Uint8Array): BackupStore {
  const text = new TextDecoder().decode(keys).trim()
  const cut = text.lastIndexOf(':')
  if (cut < 1) throw failed(place, `the secret ${place.secret} is not of the form ID:KEY`)
  const account = { accessKeyId: text.slice(0, cut), secretAccessKey: text.slice(cut + 1) }
  /** Whoever calls off calls off the request as well. */
  const clientFor: ClientFor = (signal) =>
    new S3mini({
      ...{ ...account, region: place.region, endpoint: `${place.endpoint}/${place.bucket}` },
      fetch: (input, init) => fetch(input, { ...init, signal }),
    })
  const folderOf = (backup: string): string => `${place.prefix}${backup}/`
  return {
    write: (backup, file, content, signal) =>
      upload({ clientFor, place, signal }, `${folderOf(backup)}${file}`, content),
    // The manifest is the last that is written, and what the mesh knows counts.
    finish: () => Promise.resolve(),
    async *read(backup, file, signal) {
      const key = `${folderOf(backup)}${file}`
      const answer = await asked(place, signal, () => clientFor(signal).getObjectResponse(key))
      if (answer?.body === null || answer === null)
        throw new ClawError('BACKUP_DAMAGED', { backup, file, detail: 'is not there' })
      const parts = (answer.body as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]()
      for (;;) {
        const next = await asked(place, signal, () => parts.next())
        if (next.done === true) return
        yield next.value
      }
    },
    async remove(backup, signal) {
      const client = clientFor(signal)
      const found = (await asked(place, signal, () => client.listObjects('/', folderOf(backup)))) ?? []
      for (const { Key } of found) await asked(place, signal, () => client.deleteObject(Key))
    },
  }
}

type ClientFor = (signal: AbortSignal) => S3mini

interface Upload {
  readonly clientFor: ClientFor
  readonly place: Place
  readonly signal: AbortSignal
}

async function upload(to: Upload, key: string, content: AsyncIterable<Uint8Array>): Promise<Copied> {
  const { clientFor, place, signal } = to
  const client = clientFor(signal)
  const hash = createHash('sha256')
  let bytes = 0
  let id: string | null = null
  const parts: { partNumber: number; etag: string }[] = []
  try {
    for await (const { part, isLast } of partsOf(content)) {
      hash.update(part)
      bytes += part.length
      if (id === null && isLast) {
        await asked(place, signal, () => client.putObject(key, part, sealedType))
        return { bytes, sha256: hash.digest('hex') }
      }
      const upload = (id ??= await asked(place, signal, () => client.getMultipartUploadId(key, sealedType)))
      parts.push(await asked(place, signal, () => client.uploadPart(key, upload, part, parts.length + 1)))
    }
    const upload = id ?? ''
    await asked(place, signal, () => client.completeMultipartUpload(key, upload, parts))
    return { bytes, sha256: hash.digest('hex') }
  } catch (error) {
    // What was given up must not be paid for.
    if (id !== null) await abandon(to, key, id)
    throw error
  }
}

/** Also when it was called off. */
async function abandon({ clientFor, place }: Upload, key: string, id: string): Promise<void> {
  const { signal } = new AbortController()
  await asked(place, signal, () => clientFor(signal).abortMultipartUpload(key, id))
}

/** Always at least one, and all but the last of that size. */
async function* partsOf(
  content: AsyncIterable<Uint8Array>,
): AsyncGenerator<{ readonly part: Buffer; readonly isLast: boolean }> {
  let held: Uint8Array[] = []
  let size = 0
  for await (const chunk of content) {
    if (size + chunk.length > partBytes && size > 0) {
      yield { part: Buffer.concat(held), isLast: false }
      held = []
      size = 0
    }
    held.push(chunk)
    size += chunk.length
  }
  yield { part: Buffer.concat(held), isLast: true }
}

async function asked<T>(place: Place, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    signal.throwIfAborted()
    if (error instanceof ClawError) throw error
    throw failed(place, reasonOf(error), error)
  }
}

/** Only what the store calls it: what it answers may hold what nobody else is to read. */
function reasonOf(error: unknown): string {
  const { code, status, name, cause } = error as { code?: unknown; status?: unknown; name?: unknown; cause?: unknown }
  const inner = (cause as { code?: unknown } | undefined)?.code
  const words = [code, status, inner].filter((word) => typeof word === 'string' || typeof word === 'number')
  return `the store says ${words.length > 0 ? words.join(' ') : String(name)}`
}

const failed = ({ endpoint, bucket }: Place, detail: string, cause?: unknown): ClawError =>
  new ClawError('BACKUP_TARGET', { target: `${endpoint}/${bucket}`, detail }, { cause })
