/** Looking for a peer at one place after the other until keys have been agreed on with it. */
import type { Instant, Millis } from '../../model/time.ts'
import { minute, second } from '../../model/time.ts'

export interface Search {
  /** Which candidate is being tried. */
  readonly turn: number
  readonly since: Instant
  /** Bytes sent until the last look. */
  readonly sentBytes: number
  /** When they were more than at the look before, since it answered last. */
  readonly grewAt: Instant | null
  /** How many candidates were tried in vain since it answered last, or was left alone. */
  readonly failed: number
}

export interface Seen {
  readonly endpoint: string | null
  readonly handshakeAt: Instant | null
  readonly sentBytes: number
}

export interface Found {
  readonly search: Search
  readonly endpoint: string | null
  /** It is being looked for: something has to be sent there. */
  readonly isSearching: boolean
}

/** WireGuard agrees on new keys every two minutes while anything is sent, and gives the old up after three. */
const keysLast: Millis = 3 * minute
/** It sends again after five seconds. */
const tryFor: Millis = 8 * second
/** What is looked for is sent something all the time: where nothing was sent for so long, nobody wants anything of it. */
const leftAlone: Millis = 2 * tryFor

export const isFresh = ({ handshakeAt }: Pick<Seen, 'handshakeAt'>, at: Instant): boolean =>
  handshakeAt !== null && at - handshakeAt < keysLast

/** `isUp`: it is thought to be there. */
export function seek(
  before: Search | undefined,
  {
    candidates,
    seen,
    isUp,
  }: { readonly candidates: readonly string[]; readonly seen: Seen | undefined; readonly isUp: boolean },
  at: Instant,
): Found {
  const search = before ?? { turn: 0, since: at, sentBytes: 0, grewAt: null, failed: 0 }
  const sentBytes = seen?.sentBytes ?? 0
  // Where it answered is where it is, whatever it said of itself.
  if (seen !== undefined && isFresh(seen, at))
    return {
      search: { ...search, since: at, sentBytes, grewAt: null, failed: 0 },
      ...{ endpoint: seen.endpoint, isSearching: false },
    }
  const grewAt = sentBytes > search.sentBytes ? at : search.grewAt
  const isUsed = (grew: Instant | null): boolean => grew !== null && at - grew < leftAlone
  const isUnmet = seen === undefined || seen.handshakeAt === null
  const isSearching = isUp && candidates.length > 0 && (isUnmet || isUsed(grewAt))
  const since = isUnmet || isUsed(search.grewAt) ? search.since : at
  const isOver = isSearching && at - since >= tryFor
  const next = {
    ...{ turn: search.turn + (isOver ? 1 : 0), since: isOver ? at : since, sentBytes, grewAt },
    failed: isSearching ? search.failed + (isOver ? 1 : 0) : 0,
  }
  const endpoint = candidates[next.turn % Math.max(1, candidates.length)] ?? seen?.endpoint ?? null
  return { search: next, endpoint, isSearching }
}
