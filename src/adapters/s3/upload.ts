/** Puts one object into a bucket, however long it is, with one part of it in memory at a time. */
import { Tally } from '../../lib/passing.ts'
import { partBytes } from '../../model/bucket.ts'
import type { ClawError } from '../../model/failure.ts'
import type { Copied } from '../../ports/volumes.ts'
import type { Limits } from './guarded-fetch.ts'
import { bareEtag } from './listing.ts'
import type { Bucket } from './open-bucket.ts'

const usualType = 'application/octet-stream'

export interface Upload {
  readonly bucket: Bucket
  readonly signal: AbortSignal
  readonly limits: Limits
  readonly failed: (detail: string) => ClawError
}

export interface Uploaded extends Copied {
  /** What the store calls it; empty where it does not say. */
  readonly etag: string
}

/** One takes at most 10,000 parts: 156 GiB in one file. What breaks off leaves no object. */
export async function upload(to: Upload, key: string, content: AsyncIterable<Uint8Array>): Promise<Uploaded> {
  const { bucket, signal, failed } = to
  const client = bucket.clientFor(signal)
  const tally = new Tally()
  let id: string | null = null
  const parts: { partNumber: number; etag: string }[] = []
  try {
    for await (const { part, isLast } of partsOf(content)) {
      tally.add(part)
      if (id === null && isLast) {
        const answer = await bucket.asked(signal, () => client.putObject(key, part, usualType))
        return { ...tally.sum(), etag: bareEtag(answer.headers.get('etag') ?? '') }
      }
      const upload = (id ??= await bucket.asked(signal, () => client.getMultipartUploadId(key, usualType)))
      parts.push(await bucket.asked(signal, () => client.uploadPart(key, upload, part, parts.length + 1)))
    }
    const upload = id ?? ''
    const done = await bucket.asked(signal, () => client.completeMultipartUpload(key, upload, parts))
    // By then it has answered that all is well.
    if ('Error' in done || 'error' in done) throw failed('the store cannot put the parts of a file together')
    return { ...tally.sum(), etag: etagIn(done) }
  } catch (error) {
    // What was given up must not be paid for; what it was given up for is what counts.
    if (id !== null) await abandon(to, key, id).catch(() => 'the store ends it by its own rules')
    throw error
  }
}

/** Clients and stores spell it in more than one way. */
function etagIn(done: object): string {
  const found = Object.entries(done).find(([name, value]) => name.toLowerCase() === 'etag' && typeof value === 'string')
  return bareEtag(String(found?.[1] ?? ''))
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
