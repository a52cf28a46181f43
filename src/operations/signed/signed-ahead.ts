/**
 * Of requests whose time lies ahead of this host's: until when each key has signed. A restart forgets what was carried out, so what was
 * signed before it is refused afterwards; of what was signed by a clock that is ahead, only this tells that it came before.
 */
import type { NodeId } from '../../model/ids.ts'

export interface SignedAhead {
  /** In seconds, as signatures have it; 0 for a key that has signed nothing that still lies ahead. Of before the last start. */
  until(key: NodeId): number
  note(key: NodeId, created: number): void
}

/** For a peer that keeps nothing. */
export const forgetful: SignedAhead = { until: () => 0, note: () => {} }
