/** The images of this node as the rest of a peer sees them. */
import type { PruneRule } from '../../core/images/prune.ts'
import type { NodeId } from '../../model/ids.ts'
import type { Instant } from '../../model/time.ts'
import type { Uploads } from './upload.ts'
import type { ImageSupply, OnProgress, StoredImage } from '../../ports/images.ts'

export interface LocalImage extends StoredImage {
  readonly inUse: boolean
  /** `registry`, `file` or the name of a node when it came through the mesh; null when it came in another way. */
  readonly from: string | null
  readonly usedAt: Instant | null
}

/** One image, at one member. */
export interface PeerImage {
  readonly reference: string
  readonly id: string
  readonly node: NodeId
}

export interface Images extends ImageSupply {
  list(signal: AbortSignal): Promise<readonly LocalImage[]>
  /** Null when this node does not have it. */
  find(reference: string, signal: AbortSignal): Promise<LocalImage | null>
  /** Takes exactly that one, from this member or from another that has got it, and gives it its name here. Throws IMAGE_NOT_FOUND. */
  take(image: PeerImage, onProgress: OnProgress, signal: AbortSignal): Promise<StoredImage>
  /**
   * Takes in what somebody sends who is trusted in nothing: exactly the image that the reference has the id of, in an archive of so many bytes at
   * most. Throws IMAGE_CORRUPT and TOO_LARGE.
   */
  receive(
    reference: string,
    archive: { readonly content: AsyncIterable<Uint8Array>; readonly mostBytes: number },
    signal: AbortSignal,
  ): Promise<void>
  /** The image with that id as an archive, for somebody outside the mesh. Throws IMAGE_NOT_FOUND. */
  send(id: string, signal: AbortSignal): AsyncIterable<Uint8Array>
  /** Removes what was received, unless something needs it. */
  forgetReceived(reference: string, signal: AbortSignal): Promise<void>
  /** Archives of users' own, which come in parts. */
  readonly uploads: Pick<Uploads<readonly StoredImage[]>, 'put' | 'finish'>
  /** Throws IMAGE_NOT_FOUND and IMAGE_IN_USE. */
  remove(reference: string, signal: AbortSignal): Promise<LocalImage>
  /** What it removed, or would remove. */
  prune(rule: PruneRule & { readonly dryRun: boolean }, signal: AbortSignal): Promise<readonly LocalImage[]>
}
