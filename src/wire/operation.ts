/** Operations between peers, and from operators to a peer. See protocols/operation.md. */
import type { DuplexProtocol, Protocol, StreamProtocol } from '../ports/rpc.ts'
import { OperationItem, OperationReply, OperationRequest } from './gen/operation.ts'

const limits = { lane: 'bulk', maxBytes: 1_048_576 } as const

/** Runs one operation at the member called, for the caller that this member vouches for. */
export const invokeOperation: Protocol<OperationRequest, OperationReply> = {
  kind: 'call',
  id: '/clawbernetes/operation/invoke/1.0.0',
  audience: 'members',
  ...limits,
  maxInbound: 64,
  request: OperationRequest,
  response: OperationReply,
  /** An invocation may take ten minutes, and says so itself. */
  timeout: 610_000,
}

/** Runs one operation that answers with a stream, at the member called. */
export const streamOperation: StreamProtocol<OperationRequest, OperationItem> = {
  kind: 'stream',
  id: '/clawbernetes/operation/stream/1.0.0',
  audience: 'members',
  ...limits,
  maxInbound: 64,
  request: OperationRequest,
  item: OperationItem,
}

/** The same for an operator from outside, whose key the connection has proved. */
export const attachOperation: Protocol<OperationRequest, OperationReply> = {
  ...invokeOperation,
  id: '/clawbernetes/operation/attach/1.0.0',
  audience: 'anyone',
  maxInbound: 16,
}

export const followOperation: StreamProtocol<OperationRequest, OperationItem> = {
  ...streamOperation,
  id: '/clawbernetes/operation/follow/1.0.0',
  audience: 'anyone',
  maxInbound: 16,
}

/** Runs one operation that is a conversation, at the member called: each connection to a port of its work is one. */
export const converseOperation: DuplexProtocol<OperationRequest> = {
  kind: 'duplex',
  id: '/clawbernetes/operation/converse/1.0.0',
  audience: 'members',
  ...limits,
  maxInbound: 1_024,
  request: OperationRequest,
}

export const visitOperation: DuplexProtocol<OperationRequest> = {
  ...converseOperation,
  id: '/clawbernetes/operation/visit/1.0.0',
  audience: 'anyone',
  maxInbound: 64,
}
