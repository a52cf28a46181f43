/** The small things that a leader finds to do in the state: deaths to record, placements to take back, old work to forget. */
import type { NodeId, PlacementId, WorkloadId } from '../../model/ids.ts'
import type { Liveness } from '../../model/node.ts'
import { hour, type Instant, type Millis } from '../../model/time.ts'
import { isTerminal } from '../../model/workload.ts'
import { workloadsAt } from '../state/holdings.ts'
import type { MeshState } from '../state/types.ts'

/** Members whose liveness is not the recorded one. A suspicion is not recorded: it is over, or a loss, within seconds. */
export function livenessToRecord(
  state: Pick<MeshState, 'members' | 'liveness'>,
  observed: (node: NodeId) => Liveness,
): readonly { readonly node: NodeId; readonly liveness: Liveness }[] {
  return Array.from(state.members.keys(), (node) => ({ node, liveness: observed(node) })).filter(
    ({ node, liveness }) => liveness !== 'suspect' && liveness !== (state.liveness.get(node) ?? 'alive'),
  )
}

export interface Withdrawal {
  readonly placement: PlacementId
  readonly reason: string
}

/** Placements that their node has not claimed in time, or cannot claim because nobody reaches it. */
export function placementsToWithdraw(
  state: Pick<MeshState, 'workloads' | 'residents' | 'members'>,
  observed: (node: NodeId) => Liveness,
  { at, claimWithin }: { readonly at: Instant; readonly claimWithin: Millis },
): readonly Withdrawal[] {
  const placed = Array.from(state.residents.keys(), (node) => workloadsAt(state, node)).flat()
  return placed.flatMap(({ placement }) => {
    if (placement?.state !== 'placed') return []
    const name = state.members.get(placement.node)?.name ?? placement.node
    const liveness = observed(placement.node)
    if (liveness === 'lost' || liveness === 'left') return [{ placement: placement.id, reason: `${name} is offline` }]
    if (at - placement.at < claimWithin) return []
    return [{ placement: placement.id, reason: `${name} did not claim it within ${claimWithin} ms` }]
  })
}

/** For so long the ends of a deployment's replicas say how long to wait before the next try. */
const failuresCount: Millis = hour

export interface PruneSettings {
  /** How long an ended workload is kept. */
  readonly keepFor: Millis
  /** How many ended workloads are kept at most, the youngest. */
  readonly keepAtMost: number
  /** Most workloads of one command. */
  readonly batch: number
}

export function workloadsToPrune(
  { workloads, deployments }: Pick<MeshState, 'workloads' | 'deployments'>,
  at: Instant,
  { keepFor, keepAtMost, batch }: PruneSettings,
): readonly WorkloadId[] {
  const ended = Array.from(workloads.values())
    .filter(({ state, owner, endedAt }) => {
      const isCounted = owner !== undefined && deployments.has(owner.deployment) && (endedAt ?? 0) > at - failuresCount
      return isTerminal(state) && !isCounted
    })
    .map(({ id, endedAt, submittedAt }) => ({ id, endedAt: endedAt ?? submittedAt }))
    .toSorted((a, b) => a.endedAt - b.endedAt || (a.id < b.id ? -1 : 1))
  const tooMany = Math.max(0, ended.length - keepAtMost)
  return ended
    .filter(({ endedAt }, i) => i < tooMany || endedAt + keepFor <= at)
    .slice(0, batch)
    .map(({ id }) => id)
}
