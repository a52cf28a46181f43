/** A deployment as users see it. */
import { z } from 'zod'
import { isSentAwayIn, takeCensus } from '../../core/rollout/census.ts'
import { replicasOf } from '../../core/state/replicas.ts'
import type { Deployment } from '../../model/deployment.ts'
import { revisionOf, strategyText } from '../../model/deployment.ts'
import { isReady, isTerminal } from '../../model/workload.ts'
import type { OperationContext } from '../context.ts'
import { iso, isoOrNull } from '../fields.ts'
import { nameOf } from '../node/node-view.ts'

const time = z.string().describe('ISO 8601')

export const DeploymentView = z.object({
  deploymentId: z.string(),
  name: z.string(),
  namespace: z.string(),
  image: z.string().describe('Of the revision that is wanted'),
  replicas: z.int().describe('How many are wanted'),
  containers: z.array(z.string()).describe('Names of the replicas that there are, as workloads'),
  strategy: z.string(),
  state: z
    .string()
    .describe('deploying, canary, switched, promoting, rolling-back, active, degraded, failed, paused or deleting'),
  reason: z.string().nullable().describe('Why it is in that state'),
  revision: z.int().describe('The one that is wanted'),
  stableRevision: z.int().nullable().describe('The one that was fully there last, and is gone back to'),
  healthyReplicas: z.int(),
  totalReplicas: z.int(),
  healthRatio: z.number().describe('Healthy of those that are wanted, 0 to 1'),
  paused: z.boolean(),
  createdAt: time,
  updatedAt: time,
})
export type DeploymentView = z.infer<typeof DeploymentView>

export const DeploymentStatus = DeploymentView.extend({
  traffic: z
    .array(z.object({ revision: z.int(), percent: z.number() }))
    .describe('Who is given how much of the requests'),
  service: z.object({ port: z.int(), targetPort: z.int() }).nullable(),
  gates: z
    .object({ errorRate: z.number().nullable(), p99Seconds: z.number().nullable(), forSeconds: z.number() })
    .nullable(),
  maxSurge: z.int().nullable().describe('Null for what suits the strategy'),
  maxUnavailable: z.int().nullable(),
  autoPromoteSeconds: z.number().nullable().describe('Null when somebody has to promote'),
  autoRollback: z.boolean(),
  progressDeadlineSeconds: z.number(),
  minReadySeconds: z.number().nullable().describe('Null for what suits the probes of a replica'),
  createdBy: z.string(),
  rollout: z
    .object({
      kind: z.string().describe('update or rollback'),
      stage: z.string().describe('starting, canary, switched or promoted'),
      startedAt: time,
      updatedReplicas: z.int().describe('Replicas of the wanted revision'),
      readyReplicas: z.int().describe('Those of them that are ready'),
    })
    .nullable()
    .describe('Null when nothing is under way'),
  replicasByName: z
    .array(
      z.object({
        id: z.string(),
        name: z.string(),
        revision: z.int(),
        state: z.string(),
        ready: z.boolean(),
        draining: z.boolean().describe('Is given no more requests, because it is to go'),
        node: z.string().nullable(),
        startedAt: z.string().nullable(),
        reason: z.string().nullable().describe('What holds it up, or ended it'),
      }),
    )
    .describe('Those that there are, and the last few that failed'),
  events: z.array(z.object({ at: time, type: z.string(), message: z.string() })).describe('The last, oldest first'),
})
export type DeploymentStatus = z.infer<typeof DeploymentStatus>

export const RevisionView = z.object({
  deploymentId: z.string(),
  name: z.string(),
  revision: z.int(),
  image: z.string(),
  command: z.array(z.string()),
  replicas: z.int().describe('Of the deployment'),
  strategy: z.string(),
  state: z.string().describe('rolling-out, active, superseded, rolled-back or failed; of a whole deployment, its own'),
  reason: z.string().nullable(),
  by: z.string(),
  createdAt: time,
  updatedAt: time,
})
export type RevisionView = z.infer<typeof RevisionView>

type Context = Pick<OperationContext, 'control' | 'membership' | 'clock'>

export const stateOf = ({ state, paused }: Pick<Deployment, 'state' | 'paused'>): string => (paused ? 'paused' : state)

/** The replicas as the leader counts them, as far as this peer knows. */
function censusOf(deployment: Deployment, { control, membership, clock }: Context) {
  const { state } = control
  const isGone = (node: Parameters<typeof nameOf>[1]): boolean =>
    !state.members.has(node) || membership.view(node).liveness === 'lost'
  return takeCensus(deployment, replicasOf(state, deployment.id), {
    reach: (node) => (isGone(node) ? 'gone' : 'here'),
    isSentAway: isSentAwayIn(state),
    at: clock.now(),
  })
}

export function deploymentView(deployment: Deployment, context: Context): DeploymentView {
  const { target, replicas } = deployment
  const { live, draining } = censusOf(deployment, context)
  const healthy = live.filter((one) => one.isReady).length
  return {
    deploymentId: deployment.id,
    ...{ name: deployment.name, namespace: deployment.namespace, replicas },
    image: revisionOf(deployment, target)?.spec.image ?? '',
    containers: [...live, ...draining].map(({ name }) => name),
    strategy: strategyText(deployment.strategy),
    state: stateOf(deployment),
    reason: deployment.reason,
    revision: target,
    stableRevision: deployment.stable,
    healthyReplicas: healthy,
    totalReplicas: live.length,
    healthRatio: replicas === 0 ? 1 : Math.min(1, Math.round((healthy / replicas) * 1_000) / 1_000),
    paused: deployment.paused,
    createdAt: iso(deployment.createdAt),
    updatedAt: iso(deployment.updatedAt),
  }
}

export function deploymentStatus(deployment: Deployment, context: Context): DeploymentStatus {
  const { traffic, gates, rollout, target, service, autoPromoteMs } = deployment
  const sum = traffic.reduce((total, { weight }) => total + weight, 0)
  const ours = censusOf(deployment, context).live.filter(({ revision }) => revision === target)
  return {
    ...deploymentView(deployment, context),
    traffic: traffic.map(({ revision, weight }) => ({
      revision,
      percent: sum === 0 ? 0 : Math.round((weight * 1_000) / sum) / 10,
    })),
    service,
    gates:
      gates === null
        ? null
        : {
            errorRate: gates.errorRate ?? null,
            p99Seconds: gates.p99Ms === undefined ? null : gates.p99Ms / 1_000,
            forSeconds: gates.forMs / 1_000,
          },
    ...{ maxSurge: deployment.maxSurge, maxUnavailable: deployment.maxUnavailable },
    autoPromoteSeconds: autoPromoteMs === null ? null : autoPromoteMs / 1_000,
    autoRollback: deployment.autoRollback,
    progressDeadlineSeconds: deployment.progressDeadlineMs / 1_000,
    minReadySeconds: deployment.minReadyMs === null ? null : deployment.minReadyMs / 1_000,
    createdBy: deployment.createdBy,
    rollout:
      rollout === null
        ? null
        : {
            ...{ kind: rollout.kind, stage: rollout.stage, startedAt: iso(rollout.startedAt) },
            updatedReplicas: ours.length,
            readyReplicas: ours.filter((one) => one.isReady).length,
          },
    replicasByName: replicaViews(deployment, context),
    events: deployment.events.map(({ at, type, message }) => ({ at: iso(at), type, message })),
  }
}

/** How many of those that have failed are shown. */
const mostFailed = 5

function replicaViews({ id }: Deployment, { control }: Context): DeploymentStatus['replicasByName'] {
  const all = replicasOf(control.state, id)
  const failed = all
    .filter(({ state, stopRequested }) => isTerminal(state) && stopRequested === null)
    .slice(-mostFailed)
  return [...all.filter(({ state }) => !isTerminal(state)), ...failed].map((one) => ({
    ...{ id: one.id, name: one.name, revision: one.owner?.revision ?? 0, state: one.state },
    ready: isReady(one),
    draining: one.owner?.drainingSince !== undefined,
    node: one.placement === null ? null : nameOf(control.state, one.placement.node),
    startedAt: isoOrNull(one.startedAt),
    reason: one.error?.message ?? one.unreadyReason ?? one.progress,
  }))
}

/** Its revisions, newest first. */
export const revisionViews = (deployment: Deployment): readonly RevisionView[] =>
  deployment.revisions.toReversed().map((revision) => ({
    ...{ deploymentId: deployment.id, name: deployment.name, revision: revision.number },
    ...{ image: revision.spec.image, command: revision.spec.command },
    ...{ replicas: deployment.replicas, strategy: strategyText(deployment.strategy) },
    ...{ state: revision.state, reason: revision.reason, by: revision.by },
    createdAt: iso(revision.at),
    updatedAt: iso(deployment.updatedAt),
  }))

/** The deployment itself, as one line of a history. */
export function historyView(deployment: Deployment): RevisionView {
  const [newest] = revisionViews({
    ...deployment,
    revisions: deployment.revisions.filter((one) => one.number === deployment.target),
  })
  if (newest === undefined) throw new Error('a deployment keeps the revision that is wanted')
  return { ...newest, state: stateOf(deployment), reason: deployment.reason, createdAt: iso(deployment.createdAt) }
}
