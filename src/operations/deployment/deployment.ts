/** Deployments: what is to run all the time, in so many replicas, and how one revision of it follows another. */
import { z } from 'zod'
import type { Command } from '../../core/state/types.ts'
import type { Deployment } from '../../model/deployment.ts'
import { replicaCount } from '../../model/deployment.ts'
import { deploymentId } from '../../model/ids.ts'
import { stateChanges } from '../changes.ts'
import { carryOut } from '../carry-out.ts'
import type { OperationContext } from '../context.ts'
import {
  changedSettings,
  changedSpec,
  changesIn,
  deploymentChanges,
  DeploymentRequest,
  replicaSpecOf,
  settingsOf,
} from './deployment-request.ts'
import {
  DeploymentStatus,
  deploymentStatus,
  DeploymentView,
  deploymentView,
  historyView,
  RevisionView,
  revisionViews,
} from './deployment-view.ts'
import { refresh } from '../find.ts'
import { DeploymentRef as named, findDeployment, known, ofDeployment, wantedOf } from './deployment-ref.ts'
import type { Call } from '../operation.ts'
import { stream, unary } from '../operation.ts'
import { randomWord } from '../workload/workload-request.ts'
import { firstSpec, presentSpec, wantedSpec } from './wanted-spec.ts'
import { beyond, ofRequest } from '../touched.ts'

const reason = z.string().min(1).max(256).optional().describe('Why, for those who look at it later')
const key = z.string().min(1).max(128).optional().describe('The same key by the same caller does it once')

export const deployCreate = unary({
  name: 'deploy.create',
  about: 'Have so many replicas of something run all the time, and requests given to them.',
  input: DeploymentRequest.extend({ idempotencyKey: key }),
  output: DeploymentView,
  permission: { verb: 'create', resource: 'workload' },
  namespace: ofRequest,
  needs: beyond,
  secretFields: ['env'],
  rest: { method: 'POST', path: '/api/deployments' },
  async handler({ idempotencyKey, ...request }, context, { caller, signal }) {
    const { control, random } = context
    const id = deploymentId(`dep-${randomWord(random, 10)}`)
    const { name, replicas = 1 } = request
    const spec = await firstSpec({ spec: replicaSpecOf(request), name }, context, signal)
    const command = {
      type: 'create-deployment',
      deployment: id,
      name,
      replicas,
      spec,
      settings: settingsOf(request, spec),
    } as const
    const { value } = await carryOut('deploy', command, { context, caller, signal, key: idempotencyKey })
    return deploymentView(known(control.state.deployments.get(value.deployment ?? id), name), context)
  },
})

export const deployUpdate = unary({
  name: 'deploy.update',
  about:
    'Change a deployment. Another image, command and so on is another revision, which is rolled out by the strategy.',
  input: named.extend(deploymentChanges).extend({
    complete: z.boolean().default(false).describe('What is not said becomes what it is by default, instead of staying'),
    expectedRevision: z.int().min(1).optional().describe('Refuse when it is at another revision'),
    reason,
    idempotencyKey: key,
  }),
  output: DeploymentView,
  permission: { verb: 'create', resource: 'workload' },
  namespace: ofDeployment,
  needs: beyond,
  secretFields: ['env'],
  rest: { method: 'PATCH', path: '/api/deployments/:deployment' },
  async handler(input, context, { caller, signal }) {
    const { complete, expectedRevision, reason: why, idempotencyKey } = input
    const changes = changesIn(input)
    const found = await findDeployment(input, context, signal)
    const before = known(presentSpec(found), found.name)
    const whole = { ...changes, image: changes.image ?? before.image, name: found.name }
    const said = complete ? replicaSpecOf(whole) : changedSpec(changes, before)
    const spec = await wantedSpec(found, { said, before }, context, signal)
    const settings = complete ? settingsOf(whole, spec) : changedSettings(changes, spec)
    const command = {
      ...{ type: 'update-deployment' as const, deployment: found.id, spec, settings },
      ...(changes.replicas !== undefined && { replicas: changes.replicas }),
      ...(expectedRevision !== undefined && { expected: expectedRevision }),
      ...because(why),
    }
    return change(command, { found, context, caller, signal, key: idempotencyKey })
  },
})

export const deployScale = unary({
  name: 'deploy.scale',
  about: 'Change how many replicas a deployment has.',
  input: named.extend({ replicas: replicaCount, reason }),
  output: DeploymentView,
  permission: { verb: 'create', resource: 'workload' },
  namespace: ofDeployment,
  rest: { method: 'POST', path: '/api/deployments/:deployment/scale' },
  async handler({ replicas, reason: why, ...input }, context, { caller, signal }) {
    const found = await findDeployment(input, context, signal)
    const command = { type: 'update-deployment', deployment: found.id, replicas, ...because(why) } as const
    return change(command, { found, context, caller, signal })
  },
})

export const deployPromote = unary({
  name: 'deploy.promote',
  about: 'Let the canary, or the second set of blue-green, take over for good.',
  input: named.extend({
    force: z.boolean().default(false).describe('Also before it is ready, or after it has failed'),
    expectedRevision: z.int().min(1).optional().describe('Refuse when it is at another revision'),
    reason,
  }),
  output: DeploymentView,
  permission: { verb: 'create', resource: 'workload' },
  namespace: ofDeployment,
  rest: { method: 'POST', path: '/api/deployments/:deployment/promote' },
  async handler({ force, expectedRevision, reason: why, ...input }, context, { caller, signal }) {
    const found = await findDeployment(input, context, signal)
    const command = {
      ...{ type: 'promote-deployment' as const, deployment: found.id, force, ...because(why) },
      ...(expectedRevision !== undefined && { expected: expectedRevision }),
    }
    return change(command, { found, context, caller, signal })
  },
})

export const deployRollback = unary({
  name: 'deploy.rollback',
  about: 'Go back to the last revision that was fully there, or to a named one.',
  input: named.extend({ revision: z.int().min(1).optional().describe('Where to go back to'), reason }),
  output: DeploymentView,
  permission: { verb: 'create', resource: 'workload' },
  namespace: ofDeployment,
  rest: { method: 'POST', path: '/api/deployments/:deployment/rollback' },
  async handler({ revision, reason: why, ...input }, context, { caller, signal }) {
    const found = await findDeployment(input, context, signal)
    const command = {
      ...{ type: 'rollback-deployment' as const, deployment: found.id, ...because(why) },
      ...(revision !== undefined && { revision }),
    }
    return change(command, { found, context, caller, signal })
  },
})

export const deployPause = unary({
  name: 'deploy.pause',
  about: 'Hold a rollout where it is; what dies is replaced all the same, and no new revision is taken.',
  input: named.extend({ reason }),
  output: DeploymentView,
  permission: { verb: 'create', resource: 'workload' },
  namespace: ofDeployment,
  rest: { method: 'POST', path: '/api/deployments/:deployment/pause' },
  async handler({ reason: why, ...input }, context, { caller, signal }) {
    const found = await findDeployment(input, context, signal)
    return change(
      { type: 'pause-deployment', deployment: found.id, ...because(why) },
      { found, context, caller, signal },
    )
  },
})

export const deployResume = unary({
  name: 'deploy.resume',
  about: 'Go on with a deployment that was paused.',
  input: named.extend({ reason }),
  output: DeploymentView,
  permission: { verb: 'create', resource: 'workload' },
  namespace: ofDeployment,
  rest: { method: 'POST', path: '/api/deployments/:deployment/resume' },
  async handler({ reason: why, ...input }, context, { caller, signal }) {
    const found = await findDeployment(input, context, signal)
    return change(
      { type: 'resume-deployment', deployment: found.id, ...because(why) },
      { found, context, caller, signal },
    )
  },
})

export const deployDelete = unary({
  name: 'deploy.delete',
  about: 'Stop all replicas of a deployment and forget it.',
  input: named.extend({ reason }),
  output: z.object({ deploymentId: z.string(), name: z.string(), deleted: z.boolean(), state: z.string() }),
  permission: { verb: 'stop', resource: 'workload' },
  namespace: ofDeployment,
  rest: { method: 'DELETE', path: '/api/deployments/:deployment' },
  async handler({ reason: why, ...input }, context, { caller, signal }) {
    const found = await findDeployment(input, context, signal)
    const command = { type: 'delete-deployment', deployment: found.id, ...because(why) } as const
    await carryOut('deploy', command, { context, caller, signal })
    const isGone = !context.control.state.deployments.has(found.id)
    return { deploymentId: found.id, name: found.name, deleted: true, state: isGone ? 'deleted' : 'deleting' }
  },
})

export const deployStatus = unary({
  name: 'deploy.status',
  about: 'Show one deployment: its state, its replicas, how far a rollout is, and why.',
  input: named,
  output: DeploymentStatus,
  permission: { verb: 'read', resource: 'workload' },
  namespace: ofDeployment,
  rest: { method: 'GET', path: '/api/deployments/:deployment' },
  handler: async (input, context, { signal }) =>
    deploymentStatus(await findDeployment(input, context, signal), context),
})

export const deployList = unary({
  name: 'deploy.list',
  about: 'List the deployments by name.',
  input: z.strictObject({ namespace: z.string().max(63).optional().describe('Only those of this namespace') }),
  output: z.array(DeploymentView),
  permission: { verb: 'read', resource: 'workload' },
  isScoped: true,
  rest: { method: 'GET', path: '/api/deployments' },
  async handler({ namespace }, context, { signal }) {
    await refresh(context, signal)
    return byName(context)
      .filter((one) => namespace === undefined || one.namespace === namespace)
      .map((one) => deploymentView(one, context))
  },
})

export const deployHistory = unary({
  name: 'deploy.history',
  about: 'List the revisions of a deployment, newest first; without a name, all deployments.',
  input: named,
  output: z.array(RevisionView),
  permission: { verb: 'read', resource: 'workload' },
  isScoped: true,
  rest: { method: 'GET', path: '/api/deployments/:deployment/history' },
  async handler(input, context, { signal }) {
    if (wantedOf(input) === undefined) {
      await refresh(context, signal)
      return byName(context).map(historyView)
    }
    return [...revisionViews(await findDeployment(input, context, signal))]
  },
})

export const deployWait = stream({
  name: 'deploy.wait',
  about:
    'Tell every change of a deployment until nothing is under way: it is active, failed, paused, waits to be promoted, or is gone.',
  input: named.extend({ follow: z.boolean().default(false).describe('Go on after that') }),
  output: DeploymentStatus,
  permission: { verb: 'read', resource: 'workload' },
  namespace: ofDeployment,
  async *handler({ follow, ...input }, context, { signal }) {
    const { id } = await findDeployment(input, context, signal)
    const { clock } = context
    const changes = stateChanges(context.control, signal)
    try {
      let told = ''
      let most = 0
      let progressAt = clock.now()
      while (!signal.aborted) {
        const deployment = context.control.state.deployments.get(id)
        if (deployment === undefined) return
        const status = deploymentStatus(deployment, context)
        const shape = JSON.stringify({ ...status, updatedAt: null })
        if (shape !== told) yield status
        told = shape
        if (status.healthyReplicas > most) progressAt = clock.now()
        most = Math.max(most, status.healthyReplicas)
        const left = progressAt + deployment.progressDeadlineMs - clock.now()
        if (!follow && (isAtRest(deployment, status) || (deployment.state === 'degraded' && left <= 0))) return
        await changes.next(clock, left > 0 ? left : null)
      }
    } finally {
      changes.close()
    }
  },
})

/** Nothing more happens by itself, or only after a long time. The leader may not have looked yet at how many are wanted now. */
function isAtRest({ state, paused, rollout, startsAfter }: Deployment, status: DeploymentStatus): boolean {
  if (paused || state === 'failed') return true
  if (rollout !== null) return ['canary', 'switched'].includes(rollout.stage)
  if (state === 'degraded') return startsAfter !== null
  const { replicas, healthyReplicas, totalReplicas } = status
  return state === 'active' && healthyReplicas >= replicas && totalReplicas === replicas
}

const because = (why: string | undefined) => (why === undefined ? {} : { reason: why })

const byName = ({ control }: OperationContext): readonly Deployment[] =>
  [...control.state.deployments.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1))

interface Change extends Pick<Call, 'caller' | 'signal'> {
  readonly found: Deployment
  readonly context: OperationContext
  readonly key?: string | undefined
}

async function change(command: Command, { found, context, ...asker }: Change): Promise<DeploymentView> {
  await carryOut('deploy', command, { context, ...asker })
  return deploymentView(context.control.state.deployments.get(found.id) ?? found, context)
}
