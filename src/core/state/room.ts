/** Whether there is room in the state for what somebody asks for. */
import { weigh } from '../../lib/weighed-map.ts'
import { firstVersion } from '../../model/version.ts'
import type { Room } from './crowd.ts'
import { takenBy, takenInAll } from './crowd.ts'
import { limits } from './state.ts'
import { refused } from './step.ts'
import type { Outcome } from './types.ts'

/** What comes, and so many of it; and what it takes the place of, whose room it has. */
interface Coming {
  readonly count?: number
  readonly instead?: object | undefined
}

/** Why there is no room for so much more; null when there is, and for what takes no more than it takes the place of. Builds of the first version did not look. */
export function roomObstacle(
  state: Room,
  namespace: string,
  more: object,
  { count = 1, instead }: Coming = {},
): Outcome | null {
  if (state.version <= firstVersion.newest) return null
  const wanted = count * weigh(more) - (instead === undefined ? 0 : weigh(instead))
  if (instead !== undefined && wanted <= 0) return null
  const inMib = (bytes: number): number => bytes / 1_048_576
  if (takenBy(state, namespace) + wanted > limits.namespaceBytes)
    return refused('STATE_FULL', { what: `the namespace ${namespace}`, mib: inMib(limits.namespaceBytes) })
  if (takenInAll(state) + wanted > limits.stateBytes)
    return refused('STATE_FULL', { what: 'the mesh', mib: inMib(limits.stateBytes) })
  return null
}
