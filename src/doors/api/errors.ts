/** Failures as HTTP: the right status, and a body that says what happened and what to do, and nothing else. */
import type { FastifyError } from 'fastify'
import type { ClawError } from '../../model/failure.ts'
import type { FailureKind } from '../../model/failures.ts'
import { ClawError as Failure, isClawError } from '../../model/failure.ts'

const statuses: Record<FailureKind, number> = {
  invalid: 400,
  unauthenticated: 401,
  refused: 422,
  'not-found': 404,
  conflict: 409,
  capacity: 503,
  unavailable: 503,
  timeout: 504,
  internal: 500,
}

const special: Readonly<Record<string, number>> = { PERMISSION_DENIED: 403, TOO_LARGE: 413, RATE_LIMITED: 429 }

export const statusOf = (error: ClawError): number => special[error.code] ?? statuses[error.kind]

export interface ErrorBody {
  readonly error: { readonly code: string; readonly message: string; readonly hint: string; readonly facts?: unknown }
}

/** What goes out. The inner details of a bug stay in the daemon’s log. */
export const bodyOf = ({ code, message, hint, facts }: ClawError): ErrorBody => ({
  error: { code, message, hint, facts },
})

/** The expected failure behind whatever was thrown; a bug becomes INTERNAL and is told to `onBug`. */
export function failureOf(error: unknown, onBug: (error: unknown) => void): ClawError {
  if (isClawError(error)) return error
  const { code, statusCode, message } = error as Partial<FastifyError>
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') return new Failure('TOO_LARGE', { what: 'The request', limit: bodyLimit })
  if (typeof code === 'string' && code.startsWith('FST_ERR_') && statusCode !== undefined && statusCode < 500)
    return new Failure('INVALID_REQUEST', { problem: (message ?? 'it cannot be read').slice(0, 200) })
  onBug(error)
  return new Failure('INTERNAL', { detail: 'the peer that answered has the details in its log' })
}

/** Largest request body, in bytes. */
export const bodyLimit = 1_048_576
