/** The replicas of a deployment, as the one who rolls it out looks at them. */
import type { Deployment } from '../../model/deployment.ts'
import { minReadyOf } from '../../model/deployment.ts'
import type { NodeId, WorkloadId } from '../../model/ids.ts'
import { evicting } from '../../model/label.ts'
import type { Instant } from '../../model/time.ts'
import type { Workload } from '../../model/workload.ts'
import { isReady, isTerminal } from '../../model/workload.ts'
import type { MeshState } from '../state/types.ts'

/** `silent`: it said goodbye a moment ago and may be back at once. `gone`: its work has to be done by others. */
export type Reach = 'here' | 'silent' | 'gone'

export interface Replica {
  readonly id: WorkloadId
  readonly name: string
  readonly revision: number
  readonly submittedAt: Instant
  /** It may be given requests. */
  readonly isReady: boolean
  /** It may be relied upon: it is ready, and one of a new revision has been so for as long as it has to. */
  readonly isAvailable: boolean
  readonly drainingSince: Instant | null
  /** Its node is drained, or sends it away by a taint: another has to take its place. */
  readonly isLeaving: boolean
  readonly workload: Workload
}

export interface Census {
  /** To stay as they are: not drained, not stopped, on a node that is there. Oldest first. */
  readonly live: readonly Replica[]
  /** They get no more requests and are to be stopped. */
  readonly draining: readonly Replica[]
  /** They were told to stop. */
  readonly stopping: readonly Replica[]
  /** On a node that is not there. They may still run; when they are seen again, they count again. */
  readonly gone: readonly Replica[]
  /** They have ended, although nobody had asked them to; a lost node is no fault of theirs. */
  readonly failed: readonly Workload[]
}

export interface Onlooker {
  readonly reach: (node: NodeId) => Reach
  /** Whether a node sends away what is so. */
  readonly isSentAway: (node: NodeId, spec: Partial<Pick<Workload['spec'], 'tolerations'>>) => boolean
  readonly at: Instant
}

export function takeCensus(
  deployment: Pick<Deployment, 'stable' | 'target' | 'minReadyMs'>,
  replicas: readonly Workload[],
  { reach, isSentAway, at: now }: Onlooker,
): Census {
  const { stable, target } = deployment
  const census = { live: [], draining: [], stopping: [], gone: [] } as Record<keyof Omit<Census, 'failed'>, Replica[]>
  const failed: Workload[] = []
  for (const workload of replicas) {
    const { owner, placement, stopRequested } = workload
    if (owner === undefined) continue
    if (isTerminal(workload.state)) {
      if (stopRequested === null && workload.error?.code !== 'WORKLOAD_LOST') failed.push(workload)
      continue
    }
    const at = placement === null ? 'here' : reach(placement.node)
    const { id, name, submittedAt } = workload
    const drainingSince = owner.drainingSince ?? null
    const ready = at === 'here' && isReady(workload)
    const isNew = owner.revision === target && target !== stable
    const isProven = !isNew || now - (owner.readySince ?? now) >= minReadyOf(deployment, workload.spec)
    const replica = {
      ...{ id, name, submittedAt, drainingSince, workload },
      ...{ revision: owner.revision, isReady: ready, isAvailable: ready && isProven },
      isLeaving: placement !== null && isSentAway(placement.node, workload.spec),
    }
    const where =
      at === 'gone' ? 'gone' : stopRequested !== null ? 'stopping' : drainingSince !== null ? 'draining' : 'live'
    census[where].push(replica)
  }
  return { ...census, failed }
}

/** Ready means available, wherever replicas are counted. */
export const countReady = (replicas: readonly Replica[]): number => replicas.filter((one) => one.isAvailable).length

/** What runs, or is to, on nodes that are there. */
export const occupied = ({ live, draining, stopping }: Census): number =>
  live.length + draining.length + stopping.length

/** In the order in which they go when some have to: what serves nobody, then the youngest. */
export const byWorth = (replicas: readonly Replica[]): readonly Replica[] =>
  replicas
    .toReversed()
    .toSorted((a, b) => Number(a.isAvailable) - Number(b.isAvailable) || Number(a.isReady) - Number(b.isReady))

export const isSentAwayIn =
  ({ members }: Pick<MeshState, 'members'>): Onlooker['isSentAway'] =>
  (node, { tolerations }) => {
    const { scheduling, taints = [] } = members.get(node) ?? {}
    return scheduling?.mode === 'draining' || evicting(taints, tolerations) !== undefined
  }

/** How many replicas the canary of a deployment has. */
export const canaryCount = ({ strategy, replicas }: Pick<Deployment, 'strategy' | 'replicas'>): number =>
  strategy.type === 'canary'
    ? Math.min(replicas, Math.max(1, Math.round((replicas * strategy.percent) / 100)))
    : replicas

/** How many may run beyond those that were promised. */
export function surgeOf(deployment: Deployment): number {
  const { strategy, rollout, replicas, maxSurge } = deployment
  if (maxSurge !== null) return maxSurge
  if (strategy.type === 'blue-green' || rollout?.kind === 'rollback' || rollout?.stage === 'promoted')
    return Math.max(1, replicas)
  switch (strategy.type) {
    case 'immediate':
      return Math.max(1, replicas)
    case 'rolling':
      return strategy.batch
    case 'canary':
      return Math.max(1, canaryCount(deployment))
  }
}

/** How many of those that were promised may be missing while one revision follows another. */
export function unavailableOf({ maxUnavailable, maxSurge, strategy, replicas }: Deployment): number {
  if (maxUnavailable !== null) return Math.min(replicas, maxUnavailable)
  if (maxSurge !== 0) return 0
  return Math.min(replicas, strategy.type === 'rolling' ? strategy.batch : 1)
}

/** How many have to be ready at any time, if so many were. */
export const promised = (deployment: Deployment): number => deployment.replicas - unavailableOf(deployment)
