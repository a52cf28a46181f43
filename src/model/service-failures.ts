/** What can go wrong with what serves. */
import { failure } from './failure-row.ts'

export const serviceFailures = {
  SERVICE_NOT_FOUND: failure(
    'not-found',
    ({ service }: { service: string }) => `No deployment called ${service} takes requests.`,
    'List those that do with `clawbernetes service list`; a deployment takes requests when it has a port.',
  ),
  SERVICE_UNAVAILABLE: failure(
    'unavailable',
    ({ detail }: { detail: string }) => `The service cannot answer: ${detail}.`,
    'See which replicas are ready with `clawbernetes service info`.',
  ),
  UNHEALTHY: failure(
    'refused',
    ({ reason }: { reason: string }) => `The workload was not well and was ended: ${reason}.`,
    'Read its output with `clawbernetes logs`; its probes are shown by `clawbernetes workload info`.',
  ),
}
