/** Which of several links to one peer carries new calls. Both sides must come to the same answer without talking. */
import type { NodeId } from '../../model/ids.ts'
import { type Millis, second } from '../../model/time.ts'

export interface Candidate {
  /** Not over a relay. */
  readonly isDirect: boolean
  readonly dialler: NodeId
  readonly openedAt: Millis
  /** One of the two sides does not want to use it any more. */
  readonly isRetired: boolean
}

/** Links opened within so long of each other by different diallers are the two halves of one meeting. */
const meetingSpan: Millis = 5 * second

/**
 * Direct before relayed. Of two that were dialled from both sides at once, the one of the smaller id. Otherwise the newer: the
 * older is what a peer left behind that has come back.
 */
export function isBetter(a: Candidate, b: Candidate): boolean {
  if (a.isRetired !== b.isRetired) return b.isRetired
  if (a.isDirect !== b.isDirect) return a.isDirect
  if (a.dialler !== b.dialler && Math.abs(a.openedAt - b.openedAt) < meetingSpan) return a.dialler < b.dialler
  return a.openedAt > b.openedAt
}
