/** What the record store is made of, and what it tells. */
import type { Judged } from '../../core/records/validate.ts'
import type { NodeId } from '../../model/ids.ts'
import type { RecordName } from '../../model/record.ts'
import type { Instant, Millis } from '../../model/time.ts'

/** How many peers have to keep a record before it counts as published, and how many answers a thorough read waits for. */
export const quorumOfPeers = 3

export interface Publication extends RecordName {
  /** What it says, as the rule of its namespace has it. */
  readonly value: unknown
  /** How long it lives. It is issued anew in good time, until `until`. */
  readonly life: Millis
  readonly until: Instant
}

export interface Receipt {
  readonly sequence: bigint
  /** Peers that say that they keep it. It is kept here as well, and given to peers that come. */
  readonly stored: readonly NodeId[]
  /** Whether these are as many as were asked for. A network of few peers, or of none, has not as many. */
  readonly isEnough: boolean
}

export interface ReadOptions {
  readonly signal: AbortSignal
  /** Ask peers also where this node has a record itself. */
  readonly isThorough?: boolean
  /** Ask the issuer, if it answers within a moment. */
  readonly confirm?: boolean
}

/** That a record is not found proves nothing: whoever has it may keep it back. */
export interface RecordRead {
  /** The best record that was found, and that is not over; null for none. It may be a tombstone. */
  readonly found: Judged | null
  /** What it says; null when there is none, or it was withdrawn. */
  readonly value: unknown
  /** Who has given this very record. */
  readonly sources: readonly NodeId[]
  /** How long ago it was issued, by its own word; null when there is none. */
  readonly freshness: Millis | null
  /** Whether its issuer itself says that this is its latest. */
  readonly confirmedByIssuer: boolean
}
