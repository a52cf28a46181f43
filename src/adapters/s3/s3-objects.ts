/** What a bucket holds below a prefix, for a volume. */
import type { BucketPlace } from '../../model/bucket.ts'
import { ClawError } from '../../model/failure.ts'
import type { ObjectStore, OpenObjects, StoredObject } from '../../ports/objects.ts'
import { inTime, usualLimits } from './guarded-fetch.ts'
import type { Listed, Page } from './listing.ts'
import { bareEtag } from './listing.ts'
import { openBucket } from './open-bucket.ts'
import { upload } from './upload.ts'

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
    const notPut = (detail: string, cause?: unknown): ClawError =>
      new ClawError('VOLUME_TARGET', { volume, detail }, { cause })
    const written = openBucket(place, keys, { hosts, limits, failed: notPut })
    return {
      async list(most, signal) {
        const off = new AbortController()
        const until = AbortSignal.any([signal, off.signal])
        // As a whole: pages with nothing on them might never end.
        return inTime(limits.list, { off, failed }, async () => {
          const found: StoredObject[] = []
          let from: string | null = null
          do {
            const page: Page | null = await bucket.page(place.prefix, pageObjects, from, until)
            if (page === null) throw failed(`there is no bucket ${place.bucket}`)
            for (const one of page.objects) {
              const object = objectIn(one, place, failed)
              if (object !== null) found.push(object)
            }
            if (found.length > most) throw failed(`it holds more than ${most} objects`)
            from = page.next
          } while (from !== null)
          return found
        })
      },
      read: (object, signal) => exactly(object, bucket.read(`${place.prefix}${object.key}`, same(object), signal)),
      async write(key, content, signal) {
        const to = { bucket: written, signal, limits, failed: notPut }
        const { etag } = await upload(to, `${place.prefix}${key}`, content)
        return etag
      },
      async remove(key, signal) {
        await written.asked(signal, () => written.clientFor(signal).deleteObject(`${place.prefix}${key}`))
      },
    } satisfies ObjectStore
  }

/** Null for what is not below the prefix, or is the prefix itself. */
function objectIn(
  { key, size, etag, modified }: Listed,
  { prefix }: Pick<BucketPlace, 'prefix'>,
  failed: (detail: string) => ClawError,
): StoredObject | null {
  if (!key.startsWith(prefix) || key === prefix) return null
  const bytes = /^\d{1,16}$/.test(size ?? '') ? Number(size) : NaN
  if (!Number.isSafeInteger(bytes)) throw failed('its list has no sizes')
  // Without one nobody can tell whether an object is still what was listed.
  const version = bareEtag(etag ?? '')
  if (version === '') throw failed('its list has no ETags')
  const at = new Date(modified ?? '').getTime() / 1_000
  return {
    ...{ key: key.slice(prefix.length), bytes, etag: version },
    modified: Number.isFinite(at) ? Math.max(0, Math.floor(at)) : 0,
  }
}

const changed = ({ key }: StoredObject): ClawError =>
  new ClawError('VOLUME_COPY_CUT', { detail: `${key} is not what it was when it was listed` })

const same =
  (object: StoredObject) =>
  (answer: Response | null): void => {
    if (answer === null || bareEtag(answer.headers.get('etag') ?? '') !== object.etag) throw changed(object)
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
