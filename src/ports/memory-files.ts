/** Files that are in memory only, so that no disk ever holds what is in them. They go with the placement that they are for. */
import type { PlacementId } from '../model/ids.ts'

export interface MemoryFile {
  /** Absolute, as the work is to see it. */
  readonly path: string
  readonly data: Uint8Array
  readonly mode: number
  /** User of the host that owns it; the daemon's own when null. */
  readonly owner: number | null
}

export interface MemoryFiles {
  /** The folder below which the files stand under their whole paths. Throws CONTAINER_FAILED where this host has no memory for files. */
  put(placement: PlacementId, files: readonly MemoryFile[]): Promise<string>
  /** Nothing there is fine. */
  remove(placement: PlacementId): Promise<void>
  /** Removes all but those. */
  keepOnly(placements: ReadonlySet<PlacementId>): Promise<void>
}
