/** Secrets for what is about to be started. See protocols/vault.md. */
import type { Protocol } from '../ports/rpc.ts'
import { VaultCompareRequest, VaultCompareResponse, VaultDeliverRequest, VaultDeliverResponse } from './gen/vault.ts'

/** Asks the leader for the data keys of a placement of this node. Safe to repeat. */
export const deliverSecrets: Protocol<VaultDeliverRequest, VaultDeliverResponse> = {
  kind: 'call',
  id: '/clawbernetes/vault/deliver/1.0.0',
  audience: 'members',
  lane: 'control',
  request: VaultDeliverRequest,
  response: VaultDeliverResponse,
  maxBytes: 32 * 1_024,
  timeout: 10_000,
  maxInbound: 32,
}

/** Asks the leader which of these values a revision has as well. */
export const compareSecrets: Protocol<VaultCompareRequest, VaultCompareResponse> = {
  kind: 'call',
  id: '/clawbernetes/vault/compare/1.0.0',
  audience: 'members',
  lane: 'bulk',
  request: VaultCompareRequest,
  response: VaultCompareResponse,
  maxBytes: 256 * 1_024,
  timeout: 10_000,
  maxInbound: 4,
}
