/** Backups in a bucket of a store of objects that speaks as S3 does. */
import type { BackupTarget } from '../../model/backup.ts'
import { mostVolumes } from '../../model/backup.ts'
import { ClawError } from '../../model/failure.ts'
import type { BackupStore } from '../../ports/backups.ts'
import type { Limits } from './guarded-fetch.ts'
import { inTime, usualLimits } from './guarded-fetch.ts'
import type { Page } from './listing.ts'
import { openBucket } from './open-bucket.ts'
import { upload } from './upload.ts'

type Place = Extract<BackupTarget, { readonly type: 's3' }>

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
    async write(backup, file, content, signal) {
      const to = { bucket, signal, limits, failed }
      const { bytes, sha256 } = await upload(to, `${folderOf(backup)}${file}`, content)
      return { bytes, sha256 }
    },
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
