/** How requests to deployments went at a peer. See protocols/service.md. */
import type { Protocol } from '../ports/rpc.ts'
import { ServiceStatsRequest, ServiceStatsResponse } from './gen/service.ts'

export const serviceStats: Protocol<ServiceStatsRequest, ServiceStatsResponse> = {
  kind: 'call',
  id: '/clawbernetes/service/stats/1.0.0',
  audience: 'members',
  lane: 'control',
  request: ServiceStatsRequest,
  response: ServiceStatsResponse,
  maxBytes: 32 * 1_024,
  timeout: 5_000,
  maxInbound: 16,
}
