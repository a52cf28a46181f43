/** What a request would change of what there is, without changing it. */
import { z } from 'zod'
import { deploymentNamed } from '../../core/state/deployments.ts'
import { completed } from '../../core/state/namespaces.ts'
import { DeploymentSettings, revisionOf } from '../../model/deployment.ts'
import type { Deployment } from '../../model/deployment.ts'
import { isTerminal } from '../../model/workload.ts'
import { DeploymentRequest, replicaSpecOf, settingsOf } from '../deployment/deployment-request.ts'
import { Change, differences } from './difference.ts'
import { refresh } from '../find.ts'
import { unary } from '../operation.ts'
import { violationsNow, ViolationView } from '../policy/policy-view.ts'
import { veiled } from '../workload/secret-request.ts'
import { pinned, specOf, WorkloadRequest } from '../workload/workload-request.ts'

export const deployDiff = unary({
  name: 'deploy.diff',
  about: 'Say what this would change of a deployment, field by field, without changing it.',
  input: DeploymentRequest,
  output: z.object({
    name: z.string(),
    exists: z.boolean(),
    revision: z.int().nullable().describe('The one that is wanted now; null when there is no such deployment'),
    isNewRevision: z.boolean().describe('What its replicas run would change, which is rolled out'),
    changes: z.array(Change),
    violations: z.array(ViolationView).describe('Policies that refuse it or warn of it'),
  }),
  permission: { verb: 'read', resource: 'workload' },
  isScoped: true,
  secretFields: ['env'],
  async handler(request, context, { signal }) {
    await refresh(context, signal)
    const { name } = request
    const { state } = context.control
    const found = deploymentNamed(state, name)
    const before = found === undefined ? undefined : revisionOf(found, found.target)?.spec
    const spec = completed(state, pinned(veiled(replicaSpecOf(request)), context, before), 'lasting')
    const replicas = request.replicas ?? found?.replicas ?? 1
    const violations = violationsNow(state, { spec, replicas, isLasting: true })
    const wanted = { ...settingsOf(request, spec), spec }
    if (found === undefined) {
      const changes = [...differences({}, { replicas, ...wanted })]
      return { name, exists: false, revision: null, isNewRevision: true, changes, violations }
    }
    const changes = differences(presentOf(found), { replicas, ...wanted })
    const isNewRevision = changes.some(({ field }) => field.startsWith('spec.'))
    return { name, exists: true, revision: found.target, isNewRevision, changes: [...changes], violations }
  },
})

function presentOf(deployment: Deployment): Readonly<Record<string, unknown>> {
  const settings = Object.keys(DeploymentSettings.shape).map((key) => [key, deployment[key as keyof Deployment]])
  const { replicas, target } = deployment
  const spec = revisionOf(deployment, target)?.spec
  return {
    replicas,
    ...(Object.fromEntries(settings) as Record<string, unknown>),
    spec: spec === undefined ? undefined : veiled(spec),
  }
}

export const workloadDiff = unary({
  name: 'workload.diff',
  about: 'Say how the workload of that name differs from this, field by field.',
  input: WorkloadRequest,
  output: z.object({
    name: z.string().nullable(),
    exists: z.boolean().describe('A workload of that name has not ended'),
    id: z.string().nullable(),
    changes: z.array(Change),
    violations: z.array(ViolationView).describe('Policies that refuse it or warn of it'),
  }),
  permission: { verb: 'read', resource: 'workload' },
  isScoped: true,
  secretFields: ['env'],
  async handler(request, context, { signal }) {
    await refresh(context, signal)
    const { workloads } = context.control.state
    const { name } = request
    const found = [...workloads.values()].find((one) => one.name === name && !isTerminal(one.state))
    const spec = completed(context.control.state, veiled(specOf(request)), 'ending')
    const violations = violationsNow(context.control.state, { spec, replicas: spec.parts?.count ?? 1 })
    const changes = [...differences(found === undefined ? {} : { spec: veiled(found.spec) }, { spec })]
    return { name: name ?? null, exists: found !== undefined, id: found?.id ?? null, changes, violations }
  },
})
