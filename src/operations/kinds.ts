/** Operations of the kind that was asked for. */
import { ClawError } from '../model/failure.ts'
import type { DuplexOperation, Operation, StreamOperation, UnaryOperation } from './operation.ts'

/** Throws INVALID_REQUEST, as the others do. */
export function asUnary(operation: Operation): UnaryOperation {
  if (operation.kind === 'unary') return operation
  const { kind, name } = operation
  throw new ClawError('INVALID_REQUEST', {
    problem: kind === 'stream' ? `${name} answers with a stream` : `${name} is a conversation`,
  })
}

export function asTalking(operation: Operation): DuplexOperation {
  if (operation.kind === 'duplex') return operation
  throw new ClawError('INVALID_REQUEST', { problem: `${operation.name} is no conversation` })
}

export function asStreaming(operation: Operation): StreamOperation {
  if (operation.kind === 'stream') return operation
  throw new ClawError('INVALID_REQUEST', { problem: `${operation.name} does not answer with a stream` })
}
