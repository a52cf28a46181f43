/** Backups in a bucket of a store of objects that speaks as S3 does. Large files go in parts, of which one is in memory at a time. */
import { Tally } from '../../lib/passing.ts'
import type { BackupTarget } from '../../model/backup.ts'
import { mostVolumes } from '../../model/backup.ts'
import { ClawError } from '../../model/failure.ts'
import type { BackupStore } from '../../ports/backups.ts'
import type { Copied } from '../../ports/volumes.ts'
import type { Limits } from './guarded-fetch.ts'
import { inTime, usualLimits } from './guarded-fetch.ts'
import type { Page } from './listing.ts'
import type { Bucket } from './open-bucket.ts'
import { openBucket } from './open-bucket.ts'

type Place = Extract<BackupTarget, { readonly type: 's3' }>

/** All but the last are of this size, to the byte: some stores want that. One takes at most 10,000 of them: 156 GiB in one file. */
const partBytes = 16 * 1_048_576
const sealedType = 'application/octet-stream'
/** Its manifest is one of them. */
const mostFiles = mostVolumes + 1

interface Around {
  /** Which stores this host speaks to. */
  readonly hosts: readonly string[]
  readonly limits?: Limits
}

/** `keys` is `ID:KEY`, as text. Throws BACKUP_TARGET where it is not. */
export function s3Store(place: Place, keys: Uint8Array, { hosts, limits = usualLimits }: Around): BackupStore {
  const failed = (detail: string, cause?: unknown): ClawError =>
    new ClawError('BACKUP_TARGET', { target: `${place.endpoint}/${place.bucket}`, detail }, { cause })
  const bucket = openBucket(place, keys, { hosts, limits, failed })
  const folderOf = (backup: string): string => `${place.prefix}${backup}/`
  return {
    write: (backup, file, content, signal) =>
      upload({ bucket, signal, limits, failed }, `${folderOf(backup)}${file}`, content),
    // The manifest is the last that is written, and what the mesh knows counts.
    finish: () => Promise.resolve(),
    read(backup, file, signal) {
      const missing = (answer: Response | null): void => {
        if (answer?.body === null || answer === null)
          throw new ClawError('BACKUP_DAMAGED', { backup, file, detail: 'is not there' })
      }
      return bucket.read(`${folderOf(backup)}${file}`, missing, signal)
    },
    remove(backup, signal) {
      const off = new AbortController()
      const until = AbortSignal.any([signal, off.signal])
      const client = bucket.clientFor(until)
      return inTime(limits.removal, { off, failed }, async () => {
        const folder = folderOf(backup)
        const own: string[] = []
        let from: string | null = null
        do {
          const page: Page | null = await bucket.page(folder, mostFiles, from, until)
          // With its bucket all of it is gone.
          own.push(...(page?.objects ?? []).map(({ key }) => key).filter((key) => key.startsWith(folder)))
          from = page?.next ?? null
        } while (from !== null && own.length < mostFiles)
        for (const key of own.slice(0, mostFiles)) await bucket.asked(signal, () => client.deleteObject(key))
      })
    },
  }
}

interface Upload {
  readonly bucket: Bucket
  readonly signal: AbortSignal
  readonly limits: Limits
  readonly failed: (detail: string) => ClawError
}

async function upload(to: Upload, key: string, content: AsyncIterable<Uint8Array>): Promise<Copied> {
  const { bucket, signal, failed } = to
  const client = bucket.clientFor(signal)
  const tally = new Tally()
  let id: string | null = null
  const parts: { partNumber: number; etag: string }[] = []
  try {
    for await (const { part, isLast } of partsOf(content)) {
      tally.add(part)
      if (id === null && isLast) {
        await bucket.asked(signal, () => client.putObject(key, part, sealedType))
        return tally.sum()
      }
      const upload = (id ??= await bucket.asked(signal, () => client.getMultipartUploadId(key, sealedType)))
      parts.push(await bucket.asked(signal, () => client.uploadPart(key, upload, part, parts.length + 1)))
    }
    const upload = id ?? ''
    const done = await bucket.asked(signal, () => client.completeMultipartUpload(key, upload, parts))
    // By then it has answered that all is well.
    if ('Error' in done || 'error' in done) throw failed('the store cannot put the parts of a file together')
    return tally.sum()
  } catch (error) {
    // What was given up must not be paid for; what it was given up for is what counts.
    if (id !== null) await abandon(to, key, id).catch(() => 'the store ends it by its own rules')
    throw error
  }
}

/** Also when it was called off. */
async function abandon({ bucket, limits }: Upload, key: string, id: string): Promise<void> {
  const signal = AbortSignal.timeout(limits.answer)
  await bucket.asked(signal, () => bucket.clientFor(signal).abortMultipartUpload(key, id))
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
