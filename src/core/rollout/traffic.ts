/** Which revision is given how much of the requests. */
import type { Deployment, Rollout, TrafficShare } from '../../model/deployment.ts'
import type { Census, Replica } from './census.ts'
import { countReady, promised } from './census.ts'
import { sidesOf } from './moves.ts'
import type { RolloutView } from './types.ts'

/** As it is now where nobody is ready who could take requests; none at all without a service. */
export function trafficOf(
  view: Pick<RolloutView, 'deployment' | 'census'>,
  rollout: Rollout | null,
): Deployment['traffic'] {
  const { deployment } = view
  if (deployment.service === null) return []
  const { target } = deployment
  const { old, ready } = sidesOf(view)
  const before = sharesOf(old, deployment)
  const all: readonly TrafficShare[] = [{ revision: target, weight: 100 }]
  if (ready === 0 && before.length > 0) return before
  if (ready === 0) return [lastResort(view.census), deployment.traffic].find((shares) => shares.length > 0) ?? all
  if (rollout === null || before.length === 0) return all
  if (rollout.kind === 'rollback')
    return rollout.isUrgent || ready >= promised(deployment) ? all : [...before, { revision: target, weight: ready }]
  return forward(deployment, rollout, { before, ready })
}

/** Where nobody can be relied upon, whoever is ready is better than nobody. */
const lastResort = ({ live }: Pick<Census, 'live'>): readonly TrafficShare[] =>
  sharesBy(live.filter((one) => one.isReady))

interface Sharing {
  /** What the others have, by how many of them are ready. */
  readonly before: readonly TrafficShare[]
  readonly ready: number
}

function forward(
  { strategy, target }: Deployment,
  { stage }: Rollout,
  { before, ready }: Sharing,
): Deployment['traffic'] {
  const shared = [...before, { revision: target, weight: ready }]
  switch (strategy.type) {
    case 'immediate':
    case 'rolling':
      return shared
    case 'blue-green':
      return stage === 'starting' ? before : [{ revision: target, weight: 100 }]
    case 'canary': {
      if (stage === 'starting') return before
      return stage === 'canary'
        ? [...scaled(before, 100 - strategy.percent), { revision: target, weight: strategy.percent }]
        : shared
    }
  }
}

/** By the number of those that are ready. What was given up on the way gets nothing where the stable revision suffices. */
function sharesOf(old: readonly Replica[], deployment: Deployment): readonly TrafficShare[] {
  const { stable } = deployment
  const ofStable = countReady(old.filter(({ revision }) => revision === stable))
  const isEnough = stable !== null && ofStable > 0 && ofStable >= promised(deployment)
  if (isEnough) return [{ revision: stable, weight: ofStable }]
  return sharesBy(old.filter((one) => one.isAvailable))
}

/** Each revision as many parts as it has replicas here. */
function sharesBy(replicas: readonly Replica[]): readonly TrafficShare[] {
  const revisions = [...new Set(replicas.map(({ revision }) => revision))]
  return revisions
    .toSorted((a, b) => a - b)
    .map((revision) => ({ revision, weight: replicas.filter((one) => one.revision === revision).length }))
}

/** So that together they have that weight; most deployments have one revision beside the canary. */
function scaled(shares: readonly TrafficShare[], weight: number): readonly TrafficShare[] {
  const sum = shares.reduce((total, share) => total + share.weight, 0)
  return shares.map((share) => ({ ...share, weight: Math.max(1, Math.round((share.weight * weight) / sum)) }))
}
