/** What a bucket holds below a prefix, for a volume. Only reads. */
import type { BucketPlace } from '../../model/bucket.ts'
import { ClawError } from '../../model/failure.ts'
import type { ObjectStore, OpenObjects, StoredObject } from '../../ports/objects.ts'
import { inTime, usualLimits } from './guarded-fetch.ts'
import { openBucket } from './open-bucket.ts'

/** Of a page of a list: a thousand names of the longest kind. */
const pageBytes = 4 * 1_048_576
const pageObjects = 1_000

/** For the stores that this host speaks to. */
export const objectsOf =
  (hosts: readonly string[], limits = usualLimits): OpenObjects =>
  (place, keys, volume) => {
    const failed = (detail: string, cause?: unknown): ClawError =>
      new ClawError('VOLUME_SOURCE', { volume, detail }, { cause })
    const bucket = openBucket(place, keys, { hosts, limits: { ...limits, bytes: pageBytes }, failed })
    return {
      async list(most, signal) {
        const off = new AbortController()
        const client = bucket.clientFor(AbortSignal.any([signal, off.signal]))
        // As a whole: pages with nothing on them might never end.
        return inTime(limits.list, { off, failed }, async () => {
          const found: StoredObject[] = []
          let token: string | undefined
          do {
            const page = await bucket.asked(signal, () =>
              client.listObjectsPaged('/', place.prefix, pageObjects, token),
            )
            if (page === null || page === undefined) throw failed(`there is no bucket ${place.bucket}`)
            for (const one of page.objects ?? []) found.push(...objectIn(one, place))
            if (found.some(({ bytes }) => !Number.isSafeInteger(bytes) || bytes < 0))
              throw failed('its list has no sizes')
            if (found.length > most) throw failed(`it holds more than ${most} objects`)
            token = page.nextContinuationToken
          } while (token !== undefined)
          return found
        })
      },
      read: (object, signal) => exactly(object, bucket.read(`${place.prefix}${object.key}`, same(object), signal)),
    } satisfies ObjectStore
  }

interface Listed {
  readonly Key: string
  readonly Size: number
  readonly ETag: string
  readonly LastModified?: unknown
}

/** Nothing for what is not below the prefix, or is the prefix itself. */
function objectIn(
  { Key, Size, ETag, LastModified }: Listed,
  { prefix }: Pick<BucketPlace, 'prefix'>,
): readonly StoredObject[] {
  if (!Key.startsWith(prefix) || Key === prefix) return []
  const at = new Date(String(LastModified)).getTime() / 1_000
  const modified = Number.isFinite(at) ? Math.max(0, Math.floor(at)) : 0
  return [{ key: Key.slice(prefix.length), bytes: Number(Size), etag: bare(ETag), modified }]
}

const bare = (etag: string): string => etag.replace(/^W\//, '').replaceAll(/"|&quot;/g, '')

const changed = ({ key }: StoredObject): ClawError =>
  new ClawError('VOLUME_COPY_CUT', { detail: `${key} is not what it was when it was listed` })

const same =
  (object: StoredObject) =>
  (answer: Response | null): void => {
    if (answer === null || bare(answer.headers.get('etag') ?? '') !== object.etag) throw changed(object)
  }

async function* exactly(object: StoredObject, content: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let bytes = 0
  for await (const chunk of content) {
    bytes += chunk.length
    if (bytes > object.bytes) throw changed(object)
    yield chunk
  }
  if (bytes < object.bytes) throw changed(object)
}
