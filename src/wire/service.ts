/** Connections to replicas at a peer, and how requests went there. See protocols/service.md. */
import type { Protocol, StreamProtocol } from '../ports/rpc.ts'
import {
  ServiceOpenItem,
  ServiceOpenRequest,
  ServiceSendRequest,
  ServiceSendResponse,
  ServiceStatsRequest,
  ServiceStatsResponse,
} from './gen/service.ts'

/** Connects to a port of a replica; what it sends comes back. */
export const openConnection: StreamProtocol<ServiceOpenRequest, ServiceOpenItem> = {
  kind: 'stream',
  id: '/clawbernetes/service/open/1.0.0',
  audience: 'members',
  lane: 'bulk',
  request: ServiceOpenRequest,
  item: ServiceOpenItem,
  maxBytes: 128 * 1_024,
  maxInbound: 1_024,
}

/** Sends bytes over such a connection. */
export const sendOver: Protocol<ServiceSendRequest, ServiceSendResponse> = {
  kind: 'call',
  id: '/clawbernetes/service/send/1.0.0',
  audience: 'members',
  lane: 'bulk',
  request: ServiceSendRequest,
  response: ServiceSendResponse,
  maxBytes: 320 * 1_024,
  timeout: 60_000,
  maxInbound: 1_024,
}

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
