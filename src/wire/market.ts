/** How hosts of a MOLT network come to know each other. See protocols/market.md. */
import type { Protocol } from '../ports/rpc.ts'
import { MarketPeersRequest, MarketPeersResponse } from './gen/market.ts'

/** Tells a peer where we are, and asks it whom it sees. Safe to repeat. */
export const exchangePeers: Protocol<MarketPeersRequest, MarketPeersResponse> = {
  kind: 'call',
  id: '/clawbernetes/market/peers/1.0.0',
  audience: 'members',
  lane: 'bulk',
  request: MarketPeersRequest,
  response: MarketPeersResponse,
  maxBytes: 64 * 1_024,
  timeout: 10_000,
  maxInbound: 2,
}
