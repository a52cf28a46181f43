/**
 * What has to leave its node: all work of a node that is drained, and work that does not tolerate what the node keeps away. Where it goes
 * is for the scheduler to say; work that may run nowhere else waits there.
 */
import type { PlacementId } from '../../model/ids.ts'
import { isTolerated, taintInWords } from '../../model/label.ts'
import type { Member } from '../../model/node.ts'
import type { Millis } from '../../model/time.ts'
import type { Eviction, Workload } from '../../model/workload.ts'
import { workloadsAt } from '../state/holdings.ts'
import type { MeshState } from '../state/types.ts'

export interface Departure {
  readonly placement: PlacementId
  /** In words that follow the workload's name. */
  readonly reason: string
  /** Null for the workload's own. */
  readonly grace: Millis | null
}

type Homes = Pick<MeshState, 'members' | 'residents' | 'workloads'>

/** At most so many leave one node at a time: their places elsewhere are sought, and their images pulled, all at once. */
export function departuresNow(state: Homes, mostOfANode: number): readonly Departure[] {
  return Array.from(state.members.values(), (member) => departuresFrom(member, state, mostOfANode)).flat()
}

function departuresFrom(member: Member, state: Homes, most: number): readonly Departure[] {
  if (!isClosing(member)) return []
  const here = workloadsAt(state, member.id).toSorted((a, b) => (a.id < b.id ? -1 : 1))
  const leaving = here.filter(({ eviction }) => eviction !== null)
  const slow = leaving.filter(({ eviction }) => eviction !== null && isHurried(eviction, member))
  const staying = here.filter(({ eviction, stopRequested }) => eviction === null && stopRequested === null)
  const next = staying.flatMap((workload) => departureOf(workload, member))
  return [
    ...slow.flatMap((workload) => departureOf(workload, member)),
    ...next.slice(0, Math.max(0, most - leaving.length)),
  ]
}

/** A drain that allows less time than what is leaving was given. */
const isHurried = ({ grace }: Eviction, { scheduling }: Member): boolean =>
  scheduling.mode === 'draining' && scheduling.grace !== null && scheduling.grace < grace

const isClosing = ({ scheduling, taints }: Member): boolean =>
  scheduling.mode === 'draining' || taints.some(({ effect }) => effect === 'NoExecute')

function departureOf({ placement, spec }: Workload, { name, scheduling, taints }: Member): readonly Departure[] {
  if (placement === null) return []
  if (scheduling.mode === 'draining')
    return [{ placement: placement.id, reason: `${name} is drained`, grace: scheduling.grace }]
  const taint = taints.find((one) => one.effect === 'NoExecute' && !isTolerated(one, spec.tolerations))
  if (taint === undefined) return []
  return [{ placement: placement.id, reason: `${name} has the taint ${taintInWords(taint)}`, grace: null }]
}
