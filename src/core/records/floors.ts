/** The least that a node still takes for each key: the best record that it has ever seen there. What is below is a replay. */
import type { NodeId } from '../../model/ids.ts'
import { floorMargin } from '../../model/record.ts'
import type { Instant } from '../../model/time.ts'
import type { Standing } from './selector.ts'
import { compareStandings } from './selector.ts'

export interface Floor {
  readonly key: string
  readonly issuer: NodeId
  readonly standing: Standing
}

/**
 * What becomes of a record: `risen` is a new best, `same` is the best again, `stale` is below. `conflict` is what its issuer has signed under a
 * number that it had used already; it still wins or loses by the selector, so that all nodes keep the same one.
 */
export interface FloorStep {
  readonly outcome: 'risen' | 'same' | 'stale'
  readonly isConflict: boolean
}

export function stepFloor(floor: Floor | null, next: Pick<Floor, 'issuer' | 'standing'>): FloorStep {
  if (floor === null) return { outcome: 'risen', isConflict: false }
  const order = compareStandings(next.standing, floor.standing)
  if (order === 0) return { outcome: 'same', isConflict: false }
  const isConflict = floor.issuer === next.issuer && floor.standing.sequence === next.standing.sequence
  return { outcome: order > 0 ? 'risen' : 'stale', isConflict }
}

/** From then on no record that it keeps out can be alive. */
export const floorEnds = ({ standing }: Pick<Floor, 'standing'>): Instant => standing.endOfLife + floorMargin
