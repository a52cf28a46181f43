/** The record of what was done here and by whom: one chain a node, kept on its disk. */
import type { AuditHead, Deed } from '../model/audit.ts'
import type { Unsubscribe } from './rpc.ts'

/** Says how it ended: `ok`, or the code of a failure. Returns when that is on the disk; never throws. */
export type Ending = (outcome: string) => Promise<void>

/** A deed, and whether it may be done even when there is no room left to record it: what takes away is how room is made. */
export interface Attempt extends Deed {
  readonly makesRoom: boolean
}

/** Somebody who was turned away, and with which failure. What is not known is left out. */
export interface Denial extends Pick<Deed, 'actor' | 'operation'>, Partial<Omit<Deed, 'actor' | 'operation'>> {
  readonly outcome: string
}

export interface AuditTrail {
  /** It is written that this begins. Throws DISK_FULL: then it must not begin. */
  begin(attempt: Attempt): Promise<Ending>
  /** Notes that somebody was turned away. Neither waits nor throws; a flood is counted and not written out. */
  denied(denial: Denial): void
}

/** Reads the lines of a chain from one place on, while it is written and while its oldest part goes. */
export interface AuditReader {
  /** Some whole lines; null when there are no more at the moment. */
  next(): Promise<string | null>
  close(): Promise<void>
}

export interface AuditLog extends AuditTrail {
  /** The last entry that was written; null before the first. Not all of it may have been flushed yet. */
  readonly head: AuditHead | null
  /** From the entry with this number on, or from the oldest that is kept. */
  read(from: number): AuditReader
  /** Told when there is more to read. */
  onGrowth(listener: () => void): Unsubscribe
}

/** The files of one chain: lines in segments, of which the oldest may go. */
export interface AuditStore {
  /** Puts whole lines at the end; they are read from then on, but survive a power cut only after `sync`. Throws DISK_FULL; none of it is there then. */
  write(lines: string): Promise<void>
  sync(): Promise<void>
  /** What comes next, beginning with the entry of this number, goes into a new segment. Throws DISK_FULL. */
  roll(seq: number): Promise<void>
  /** Oldest first. */
  readonly segments: readonly AuditSegment[]
  /** Removes the oldest segment. */
  dropOldest(): Promise<void>
  read(from: number): AuditReader
  close(): Promise<void>
}

export interface AuditSegment {
  /** Number of its first entry. */
  readonly first: number
  readonly bytes: number
}

export interface OpenedAuditStore {
  readonly store: AuditStore
  /** The last whole line; null when there is none. */
  readonly last: string | null
  /** Bytes behind it, which a crash has left and which were cut off. */
  readonly torn: number
}

/** Keeps nothing. For tests that look at something else. */
export const unrecorded: AuditLog = {
  begin: () => Promise.resolve(() => Promise.resolve()),
  denied() {},
  head: null,
  read: () => ({ next: () => Promise.resolve(null), close: () => Promise.resolve() }),
  onGrowth: () => () => {},
}
