/**
 * What has to leave its node: all work of a node that is drained, and work that does not tolerate what the node keeps away. Where it goes
 * is for the scheduler to say; work that may run nowhere else waits there.
 */
import type { PlacementId } from '../../model/ids.ts'
import { isTolerated, taintInWords } from '../../model/label.ts'
import type { Member } from '../../model/node.ts'
import type { Instant, Millis } from '../../model/time.ts'
import { minute } from '../../model/time.ts'
import type { Eviction, Workload } from '../../model/workload.ts'
import { surgeOf } from '../rollout/census.ts'
import { workloadsAt } from '../state/holdings.ts'
import type { MeshState } from '../state/types.ts'

export interface Departure {
  readonly placement: PlacementId
  /** In words that follow the workload's name. */
  readonly reason: string
  /** Null for the workload's own. */
  readonly grace: Millis | null
}

type Homes = Pick<MeshState, 'members' | 'residents' | 'workloads' | 'deployments'>

/**
 * So long after its node was drained a replica may stay until another has taken its place. It is moved as other work is when there is none by
 * then, because there is no room elsewhere.
 */
const handOver: Millis = 2 * minute

/** At most so many leave one node at a time: their places elsewhere are sought, and their images pulled, all at once. */
export function departuresNow(state: Homes, mostOfANode: number, at: Instant): readonly Departure[] {
  const bounds = { most: mostOfANode, at }
  return Array.from(state.members.values(), (member) => departuresFrom(member, state, bounds)).flat()
}

interface Bounds {
  readonly most: number
  readonly at: Instant
}

function departuresFrom(member: Member, state: Homes, { most, at }: Bounds): readonly Departure[] {
  if (!isClosing(member)) return []
  const here = workloadsAt(state, member.id).toSorted((a, b) => (a.id < b.id ? -1 : 1))
  const leaving = here.filter(({ eviction }) => eviction !== null)
  const slow = leaving.filter(({ eviction }) => eviction !== null && isHurried(eviction, member))
  const staying = here.filter(
    (one) => one.eviction === null && one.stopRequested === null && !isReplaced(one, member, state, at),
  )
  const next = staying.flatMap((workload) => departureOf(workload, member))
  return [
    ...slow.flatMap((workload) => departureOf(workload, member)),
    ...next.slice(0, Math.max(0, most - leaving.length)),
  ]
}

/** A drain that allows less time than what is leaving was given. */
const isHurried = ({ grace }: Eviction, { scheduling }: Member): boolean =>
  scheduling.mode === 'draining' && scheduling.grace !== null && scheduling.grace < grace

/** Its deployment sees to its leaving, unless there is a hurry: first comes another. */
function isReplaced({ owner }: Workload, { scheduling }: Member, { deployments }: Homes, at: Instant): boolean {
  const { mode, grace, since } = scheduling
  if (owner === undefined || mode !== 'draining' || grace !== null || at - since >= handOver) return false
  const deployment = deployments.get(owner.deployment)
  return deployment !== undefined && deployment.state !== 'deleting' && surgeOf(deployment) > 0
}

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
