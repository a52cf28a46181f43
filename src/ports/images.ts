/**
 * The images that a host's engine keeps, and how it comes by them. An image is known by its id, the hash of its content; references,
 * such as `repo/name:tag`, point to ids and may point elsewhere tomorrow.
 */
import type { PullPolicy } from '../model/image.ts'
import type { Instant } from '../model/time.ts'

export interface StoredImage {
  /** `sha256:…`. */
  readonly id: string
  /** `repo/name:tag`; none when nothing points to it any more. */
  readonly tags: readonly string[]
  /** `repo/name@sha256:…`: under which digests registries gave it out. */
  readonly digests: readonly string[]
  readonly sizeBytes: number
  /** When it was built. */
  readonly createdAt: Instant
}

/** How far a pull or a transfer is. */
export interface ImageProgress {
  /** One line for people. */
  readonly text: string
  readonly doneBytes: number
  /** Null while it is not known. */
  readonly totalBytes: number | null
  readonly bytesPerSecond: number | null
  /** Null for what comes as one stream. */
  readonly layers: { readonly done: number; readonly total: number } | null
}

export type OnProgress = (progress: ImageProgress) => void

/** Whose login a registry is shown: that of this host, or none, for what others have asked for. */
export type PullsAs = 'owner' | 'nobody'

/** Everything throws EXECUTOR_UNAVAILABLE when the engine does not answer. */
export interface ImageStore {
  list(signal: AbortSignal): Promise<readonly StoredImage[]>
  /** By reference, with or without digest, or by id. Null when it is not here. */
  find(reference: string, signal: AbortSignal): Promise<StoredImage | null>
  /** What the registry calls the image now, `sha256:…`, without taking it. Throws as `pull` does. */
  resolve(reference: string, signal: AbortSignal): Promise<string>
  /** From its registry, with the login of this host unless it is for nobody. Throws IMAGE_NOT_FOUND, IMAGE_PULL_FAILED or IMAGE_ACCESS_DENIED. */
  pull(reference: string, onProgress: OnProgress, signal: AbortSignal, as?: PullsAs | undefined): Promise<StoredImage>
  /** The image as an archive, in pieces. Throws IMAGE_NOT_FOUND. */
  export(id: string, signal: AbortSignal): AsyncIterable<Uint8Array>
  /**
   * Takes in what `export` gave elsewhere. The archive must hold that very image, nothing besides, and no names; else nothing of it is
   * kept and IMAGE_CORRUPT is thrown. It also throws what the source throws. `isPlain`: layers may not be compressed, so that the image is no
   * larger than its archive.
   */
  import(
    id: string,
    archive: AsyncIterable<Uint8Array>,
    signal: AbortSignal,
    how?: { readonly isPlain: boolean },
  ): Promise<StoredImage>
  /** Takes in an archive of the user's own, as `docker save` writes it, with the names in it. Throws IMAGE_CORRUPT for what is none. */
  load(archive: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<readonly StoredImage[]>
  tag(id: string, reference: string, signal: AbortSignal): Promise<void>
  /** By id: with all its names. By name: that name, and the image when it was the last. Throws IMAGE_NOT_FOUND, and IMAGE_IN_USE when a container has it. */
  remove(reference: string, signal: AbortSignal): Promise<void>
  /** Ids of the images that containers were made of, running or not. */
  inUse(signal: AbortSignal): Promise<ReadonlySet<string>>
}

export interface WantedImage {
  readonly image: string
  readonly pull: PullPolicy
  /** `owner` if left out. */
  readonly as?: PullsAs | undefined
}

export interface ObtainedImage {
  readonly image: StoredImage
  /** What to call it by at the engine. */
  readonly name: string
  /** `sha256:…` under which a registry knows it; null when it came from none. */
  readonly digest: string | null
}

/** Where an executor gets its images. */
export interface ImageSupply {
  /** Returns when the engine has it. Throws what `ImageStore.pull` throws. */
  obtain(wanted: WantedImage, onProgress: OnProgress, signal: AbortSignal): Promise<ObtainedImage>
}
