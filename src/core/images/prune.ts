/** Which images a node can do without. */
import type { Instant, Millis } from '../../model/time.ts'

export interface Kept {
  readonly id: string
  readonly tags: readonly string[]
  readonly sizeBytes: number
  /** A container was made of it, or work that has not ended asks for it. */
  readonly inUse: boolean
  /** When it came through the mesh or was used last; null when it came in another way. */
  readonly usedAt: Instant | null
}

export interface PruneRule {
  /** Only what was not used for so long. */
  readonly olderThan: Millis
  /** Also what came in another way, such as by the user's own `docker pull`. */
  readonly all: boolean
}

/** Never what is used. What did not come through the mesh is somebody's own and stays, unless told otherwise. */
export const prunable = (images: readonly Kept[], { olderThan, all }: PruneRule, now: Instant): readonly Kept[] =>
  images.filter(({ inUse, usedAt }) => !inUse && (usedAt === null ? all : now - usedAt >= olderThan))
