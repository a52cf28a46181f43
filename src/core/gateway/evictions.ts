/**
 * What has to leave its node: all work of a node that is drained, and work that does not tolerate what the node keeps away. Where it goes
 * is for the scheduler to say; work that may run nowhere else waits there.
 */
import type { PlacementId } from '../../model/ids.ts'
import { evicting, taintInWords } from '../../model/label.ts'
import type { Member } from '../../model/node.ts'
import type { Instant, Millis } from '../../model/time.ts'
import { minute } from '../../model/time.ts'
import type { Eviction, Workload } from '../../model/workload.ts'
import { isReady, isTerminal } from '../../model/workload.ts'
import { surgeOf } from '../rollout/census.ts'
import { workloadsAt } from '../state/holdings.ts'
import { replicasOf } from '../state/replicas.ts'
import type { MeshState } from '../state/types.ts'

export interface Departure {
  readonly placement: PlacementId
  /** In words that follow the workload's name. */
  readonly reason: string
  /** Null for the workload's own. */
  readonly grace: Millis | null
}

type Homes = Pick<MeshState, 'members' | 'residents' | 'workloads' | 'deployments' | 'replicas'>

/**
 * So long after the last that was heard of its deployment a replica may stay on a node that sends it away until another has taken its place. It is
 * moved as other work is when none comes, because there is no room elsewhere.
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
function isReplaced({ owner }: Workload, member: Member, state: Homes, at: Instant): boolean {
  const since = sentAwaySince(member)
  if (owner === undefined || since === null) return false
  const deployment = state.deployments.get(owner.deployment)
  if (deployment === undefined || deployment.state === 'deleting' || surgeOf(deployment) === 0) return false
  // One after the other, each with all the time that it may take. There is always news of those that end again and again.
  const longest = handOver + deployment.progressDeadlineMs * Math.max(1, deployment.replicas)
  if (at - since >= longest) return false
  const all = replicasOf(state, deployment.id)
  const news = all.reduce((last, one) => Math.max(last, lastNewsOf(one)), since)
  return at - news < handOver || all.some((one) => isComing(one, state, at - deployment.progressDeadlineMs))
}

/** Null where there is a hurry. */
function sentAwaySince({ scheduling, tainted }: Member): Instant | null {
  if (scheduling.mode !== 'draining') return tainted ?? null
  return scheduling.grace === null ? scheduling.since : null
}

const lastNewsOf = ({ submittedAt, placement, owner, stopRequested, endedAt }: Workload): Instant =>
  Math.max(submittedAt, placement?.at ?? 0, owner?.readySince ?? 0, stopRequested?.at ?? 0, endedAt ?? 0)

/** It gets ready elsewhere, which may take as long as a rollout waits for it. */
function isComing(workload: Workload, { members }: Homes, since: Instant): boolean {
  const { placement, stopRequested, state } = workload
  if (placement === null || stopRequested !== null || isTerminal(state) || isReady(workload)) return false
  return placement.at > since && members.get(placement.node)?.scheduling.mode === 'open'
}

const isClosing = ({ scheduling, taints }: Member): boolean =>
  scheduling.mode === 'draining' || taints.some(({ effect }) => effect === 'NoExecute')

function departureOf({ placement, spec }: Workload, { name, scheduling, taints }: Member): readonly Departure[] {
  if (placement === null) return []
  if (scheduling.mode === 'draining')
    return [{ placement: placement.id, reason: `${name} is drained`, grace: scheduling.grace }]
  const taint = evicting(taints, spec.tolerations)
  if (taint === undefined) return []
  return [{ placement: placement.id, reason: `${name} has the taint ${taintInWords(taint)}`, grace: null }]
}
