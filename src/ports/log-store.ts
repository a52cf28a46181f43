/**
 * What the work of this node has printed, kept beyond the life of what printed it. One log a placement, in the order of its positions.
 * Bounded: when there is too much, the oldest goes, and readers are told.
 */
import type { LogBlock } from '../lib/log-block.ts'
import type { PlacementId, WorkloadId } from '../model/ids.ts'
import type { Instant } from '../model/time.ts'

/** Whose output it is, as it is told when the mesh has forgotten the workload. */
export interface LogOwner {
  readonly placement: PlacementId
  readonly workload: WorkloadId
  readonly attempt: number
  readonly name: string
}

export interface KeptLog extends LogOwner {
  readonly bytes: number
  /** Nothing will be added any more. */
  readonly isComplete: boolean
}

export type LogPiece =
  | { readonly type: 'lines'; readonly block: LogBlock }
  /** Lines that should be here were dropped to make room. How many is null when it cannot be known. */
  | { readonly type: 'dropped'; readonly lines: number | null }
  /** To followers, once: all that was there is read, what comes now is new. */
  | { readonly type: 'current' }

/** Where reading starts: after a position, or with the last so many lines, or at the beginning. Lines before `since` may be left out. */
export interface LogStart {
  readonly from: number | null
  readonly tail: number | null
  readonly since: Instant | null
}

export interface LogWriter {
  /** Position of the last line that is kept; null when there is none. */
  readonly last: number | null
  readonly isComplete: boolean
  /** Keeps whole lines. Throws DISK_FULL; nothing of the block is kept then. */
  append(block: LogBlock): Promise<void>
  /** Says that this was all. Throws DISK_FULL. */
  finish(): Promise<void>
}

export interface LogReader {
  /** What comes next, good until the next call; null when there is nothing more at the moment. */
  next(): Promise<LogPiece | null>
  close(): Promise<void>
}

export interface LogStore {
  list(): readonly KeptLog[]
  /** Whether anything is kept of it, and whether that is all there will be. */
  state(placement: PlacementId): 'none' | 'open' | 'complete'
  /** One at a time for each log. */
  write(owner: LogOwner): Promise<LogWriter>
  /** Null when nothing is kept of it. */
  read(placement: PlacementId, start: LogStart): Promise<LogReader | null>
  close(): Promise<void>
}
