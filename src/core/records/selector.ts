/** Which of two records under one key counts. Total, pure, and the same on every node: so all of them come to keep the same one. */
import type { Instant } from '../../model/time.ts'

/** Where a record stands among those of its key. */
export interface Standing {
  /** What its namespace looks at before anything else, such as that a key was revoked. Compared number by number; none is the least. */
  readonly rank: readonly bigint[]
  readonly sequence: bigint
  readonly endOfLife: Instant
  /** Of its bytes, hexadecimal. */
  readonly hash: string
}

/** Above 0 when the first counts, below when the second does, 0 only for one and the same record. */
export function compareStandings(one: Standing, other: Standing): number {
  const ranks = Math.max(one.rank.length, other.rank.length)
  for (let i = 0; i < ranks; i += 1) {
    const order = compare(one.rank[i] ?? -1n, other.rank[i] ?? -1n)
    if (order !== 0) return order
  }
  return (
    compare(one.sequence, other.sequence) || compare(one.endOfLife, other.endOfLife) || compare(one.hash, other.hash)
  )
}

const compare = <Value extends bigint | number | string>(one: Value, other: Value): number =>
  one > other ? 1 : one < other ? -1 : 0
