/** The images of this node as the rest of a peer sees them. */
import type { PruneRule } from '../../core/images/prune.ts'
import type { NodeId } from '../../model/ids.ts'
import type { Instant } from '../../model/time.ts'
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
  /** Takes it from that member and no other, and gives it its name here. Throws IMAGE_NOT_FOUND. */
  take(image: PeerImage, onProgress: OnProgress, signal: AbortSignal): Promise<StoredImage>
  /** Takes in an archive of the user's own. */
  load(archive: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<readonly StoredImage[]>
  /** Throws IMAGE_NOT_FOUND and IMAGE_IN_USE. */
  remove(reference: string, signal: AbortSignal): Promise<LocalImage>
  /** What it removed, or would remove. */
  prune(rule: PruneRule & { readonly dryRun: boolean }, signal: AbortSignal): Promise<readonly LocalImage[]>
}
