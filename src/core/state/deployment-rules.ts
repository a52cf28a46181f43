/** What a deployment may ask for. */
import type { Deployment, DeploymentSettings } from '../../model/deployment.ts'
import type { DeploymentId } from '../../model/ids.ts'
import type { WorkloadSpec } from '../../model/workload.ts'
import { limits } from './state.ts'
import { refused } from './step.ts'
import type { MeshState, Outcome } from './types.ts'

/** Null when a replica may be so; so do the others. */
export function specObstacle(spec: WorkloadSpec): Outcome | null {
  if (spec.parts !== undefined)
    return refused('INVALID_REQUEST', { problem: 'a replica of a deployment has no parts of its own' })
  return JSON.stringify(spec).length > limits.revisionBytes
    ? refused('TOO_LARGE', { what: 'what a replica is to run', limit: limits.revisionBytes })
    : null
}

export function settingsObstacle({ strategy, maxSurge, maxUnavailable }: DeploymentSettings): Outcome | null {
  if (maxSurge === 0 && maxUnavailable === 0)
    return refused('INVALID_REQUEST', { problem: 'with neither maxSurge nor maxUnavailable nothing could be replaced' })
  return strategy.type === 'blue-green' && maxSurge !== null
    ? refused('INVALID_REQUEST', { problem: 'blue-green has a second set beside the first: maxSurge is left out' })
    : null
}

interface WantedService {
  readonly id: DeploymentId
  readonly spec: WorkloadSpec | undefined
  readonly service: Deployment['service']
}

/** Every peer listens on the port of every service, so no two have the same. */
export function serviceObstacle(
  { deployments }: Pick<MeshState, 'deployments'>,
  { id, spec, service }: WantedService,
): Outcome | null {
  if (service === null) return null
  const { port, targetPort } = service
  const holder = [...deployments.values()].find((other) => other.id !== id && other.service?.port === port)
  if (holder !== undefined)
    return refused('INVALID_REQUEST', {
      problem: `the deployment ${holder.name} takes requests on port ${port} already`,
    })
  const ports = spec?.ports ?? []
  return ports.length > 0 && !ports.some((one) => one.port === targetPort)
    ? refused('INVALID_REQUEST', {
        problem: `port ${targetPort}, to which requests go, is none of those declared: ${ports.map((one) => one.port).join(', ')}`,
      })
    : null
}
