/** How any peer has the leader commit a command, and learns how fresh a state must be. See protocols/control.md. */
import type { Protocol } from '../ports/rpc.ts'
import {
  ControlExecuteRequest,
  ControlExecuteResponse,
  ControlReadIndexRequest,
  ControlReadIndexResponse,
} from './gen/control.ts'

/** Asks the leader to commit a command. Safe to repeat with the same id. Throws NO_LEADER when the peer does not lead. */
export const executeCommand: Protocol<ControlExecuteRequest, ControlExecuteResponse> = {
  kind: 'call',
  id: '/clawbernetes/control/execute/1.0.0',
  audience: 'members',
  lane: 'bulk',
  request: ControlExecuteRequest,
  response: ControlExecuteResponse,
  maxBytes: 264 * 1_024,
  timeout: 10_000,
  maxInbound: 256,
}

/** Asks the leader up to which log index a linearizable read must have applied. Throws NO_LEADER when the peer does not lead. */
export const askReadIndex: Protocol<ControlReadIndexRequest, ControlReadIndexResponse> = {
  kind: 'call',
  id: '/clawbernetes/control/read-index/1.0.0',
  audience: 'members',
  lane: 'control',
  request: ControlReadIndexRequest,
  response: ControlReadIndexResponse,
  maxBytes: 64,
  timeout: 5_000,
  maxInbound: 64,
}
