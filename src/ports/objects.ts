/** What a store of objects holds below the prefix of a volume. */
import type { BucketPlace } from '../model/bucket.ts'

export interface StoredObject {
  /** Without the prefix. */
  readonly key: string
  readonly bytes: number
  /** By which the store knows what it holds: another one whenever that changes. */
  readonly etag: string
  /** When that was written, in seconds since the epoch. */
  readonly modified: number
}

export interface ObjectStore {
  /** All of them. Throws VOLUME_SOURCE, also for more than `most`. */
  list(most: number, signal: AbortSignal): Promise<readonly StoredObject[]>
  /** What was listed. Throws VOLUME_SOURCE, and VOLUME_COPY_CUT for what is not that any more, at the latest at the end. */
  read(object: StoredObject, signal: AbortSignal): AsyncIterable<Uint8Array>
  /** Whole, or not there: what was there until then stays. Gives the ETag; empty where the store says none. Throws VOLUME_TARGET, and what the content does. */
  write(key: string, content: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<string>
  /** One that is not there is no error. Throws VOLUME_TARGET. */
  remove(key: string, signal: AbortSignal): Promise<void>
}

/** `keys` is the value of the secret of the store; `volume` what failures call it. Throws VOLUME_SOURCE. */
export type OpenObjects = (place: BucketPlace, keys: Uint8Array, volume: string) => ObjectStore
