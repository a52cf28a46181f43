/** Backups in a bucket of a store of objects that speaks as S3 does. Large files go in parts, of which one is in memory at a time. */
import { S3mini } from 's3mini'
import { Tally } from '../../lib/passing.ts'
import type { BackupTarget } from '../../model/backup.ts'
import { mostVolumes } from '../../model/backup.ts'
import { ClawError } from '../../model/failure.ts'
import type { BackupStore } from '../../ports/backups.ts'
import type { Copied } from '../../ports/volumes.ts'
import type { Limits } from './guarded-fetch.ts'
import { guardedFetch, inTime, usualLimits } from './guarded-fetch.ts'

type Place = Extract<BackupTarget, { readonly type: 's3' }>

/** All but the last are of this size, to the byte: some stores want that. One takes at most 10,000 of them: 156 GiB in one file. */
const partBytes = 16 * 1_048_576
const sealedType = 'application/octet-stream'
/** Its manifest is one of them. */
const mostFiles = mostVolumes + 1

/** Of no other secret is anything sent anywhere. The id may be of two parts, as accounts of Swift are. */
const validKeys = /^([\w.-]{1,128}(?::[\w.-]{1,128})?):([^\s:]+)$/

/** `keys` is `ID:KEY`, as text. Throws BACKUP_TARGET where it is not. */
export function s3Store(place: Place, keys: Uint8Array, limits = usualLimits): BackupStore {
  const text = new TextDecoder().decode(keys).trim()
  const [, accessKeyId, secretAccessKey] = validKeys.exec(text) ?? []
  if (accessKeyId === undefined || secretAccessKey === undefined)
    throw failed(place, `the secret ${place.secret} is not of the form ID:KEY`)
  const account = { accessKeyId, secretAccessKey }
  const failedHere = (detail: string): ClawError => failed(place, detail)
  /** Whoever calls off calls off the request as well. */
  const clientFor: ClientFor = (signal, wants = 'answer') =>
    new S3mini({
      ...{ ...account, region: place.region, endpoint: `${place.endpoint}/${place.bucket}` },
      fetch: guardedFetch({ signal, limits, failed: failedHere }, wants),
    })
  const folderOf = (backup: string): string => `${place.prefix}${backup}/`
  return {
    write: (backup, file, content, signal) =>
      upload({ clientFor, place, signal, limits }, `${folderOf(backup)}${file}`, content),
    // The manifest is the last that is written, and what the mesh knows counts.
    finish: () => Promise.resolve(),
    async *read(backup, file, signal) {
      const key = `${folderOf(backup)}${file}`
      const off = new AbortController()
      const client = clientFor(AbortSignal.any([signal, off.signal]), 'object')
      try {
        const answer = await asked(place, signal, () => client.getObjectResponse(key))
        if (answer?.body === null || answer === null)
          throw new ClawError('BACKUP_DAMAGED', { backup, file, detail: 'is not there' })
        const parts = (answer.body as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]()
        for (;;) {
          const next = await asked(place, signal, () =>
            inTime(limits.answer, { off, failed: failedHere }, () => parts.next()),
          )
          if (next.done === true) return
          yield next.value
        }
      } finally {
        // Whoever needs no more of it keeps no connection.
        off.abort()
      }
    },
    remove(backup, signal) {
      const off = new AbortController()
      const client = clientFor(AbortSignal.any([signal, off.signal]))
      return inTime(limits.removal, { off, failed: failedHere }, async () => {
        const folder = folderOf(backup)
        const found = await asked(place, signal, () => client.listObjects('/', folder, mostFiles))
        for (const { Key } of found?.slice(0, mostFiles) ?? [])
          if (Key.startsWith(folder)) await asked(place, signal, () => client.deleteObject(Key))
      })
    },
  }
}

type ClientFor = (signal: AbortSignal, wants?: 'answer' | 'object') => S3mini

interface Upload {
  readonly clientFor: ClientFor
  readonly place: Place
  readonly signal: AbortSignal
  readonly limits: Limits
}

async function upload(to: Upload, key: string, content: AsyncIterable<Uint8Array>): Promise<Copied> {
  const { clientFor, place, signal } = to
  const client = clientFor(signal)
  const tally = new Tally()
  let id: string | null = null
  const parts: { partNumber: number; etag: string }[] = []
  try {
    for await (const { part, isLast } of partsOf(content)) {
      tally.add(part)
      if (id === null && isLast) {
        await asked(place, signal, () => client.putObject(key, part, sealedType))
        return tally.sum()
      }
      const upload = (id ??= await asked(place, signal, () => client.getMultipartUploadId(key, sealedType)))
      parts.push(await asked(place, signal, () => client.uploadPart(key, upload, part, parts.length + 1)))
    }
    const upload = id ?? ''
    const done = await asked(place, signal, () => client.completeMultipartUpload(key, upload, parts))
    // By then it has answered that all is well.
    if ('Error' in done || 'error' in done) throw failed(place, 'the store cannot put the parts of a file together')
    return tally.sum()
  } catch (error) {
    // What was given up must not be paid for; what it was given up for is what counts.
    if (id !== null) await abandon(to, key, id).catch(() => 'the store ends it by its own rules')
    throw error
  }
}

/** Also when it was called off. */
async function abandon({ clientFor, place, limits }: Upload, key: string, id: string): Promise<void> {
  const signal = AbortSignal.timeout(limits.answer)
  await asked(place, signal, () => clientFor(signal).abortMultipartUpload(key, id))
}

/** Always at least one, and all but the last of that size. */
async function* partsOf(
  content: AsyncIterable<Uint8Array>,
): AsyncGenerator<{ readonly part: Buffer; readonly isLast: boolean }> {
  let held: Uint8Array[] = []
  let size = 0
  for await (const chunk of content) {
    let rest = chunk
    // One that is full may be the last.
    while (size + rest.length > partBytes) {
      const room = partBytes - size
      yield { part: Buffer.concat([...held, rest.subarray(0, room)]), isLast: false }
      rest = rest.subarray(room)
      held = []
      size = 0
    }
    held.push(rest)
    size += rest.length
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
  const words = [code, status, inner].filter((word) => typeof word === 'number' || isWord(word))
  return `the store says ${words.length > 0 ? words.join(' ') : String(name)}`
}

const isWord = (word: unknown): word is string => typeof word === 'string' && /^[\w.-]{1,64}$/.test(word)

const failed = ({ endpoint, bucket }: Place, detail: string, cause?: unknown): ClawError =>
  new ClawError('BACKUP_TARGET', { target: `${endpoint}/${bucket}`, detail }, { cause })
