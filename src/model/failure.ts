/** Expected failures: thrown as errors, sent as data. */
import type { FailureKind } from './failures.ts'
import { failures } from './failures.ts'

export type FailureCode = keyof typeof failures
export type Facts<C extends FailureCode> = Parameters<(typeof failures)[C]['sentence']>[0]

/** An expected failure. The edges turn its kind into a status or an exit code; any other throw is a bug. */
export class ClawError<C extends FailureCode = FailureCode> extends Error {
  override readonly name = 'ClawError'
  readonly code: C
  readonly facts: Facts<C>

  constructor(code: C, facts: Facts<C>, options?: ErrorOptions) {
    super((failures[code].sentence as (facts: Facts<C>) => string)(facts), options)
    this.code = code
    this.facts = facts
  }

  get kind(): FailureKind {
    return failures[this.code].kind
  }

  get hint(): string {
    return failures[this.code].hint
  }

  static is<C extends FailureCode>(error: unknown, code: C): error is ClawError<C> {
    return error instanceof ClawError && error.code === code
  }
}

/** Is this an expected failure? (`instanceof` alone would lose the type of its facts.) */
export const isClawError = (error: unknown): error is ClawError => error instanceof ClawError

/** A failure as it travels: between peers, in replies, and on the CLI's stderr with `--json`. */
export interface FailureBody {
  readonly code: string
  readonly message: string
  readonly hint: string
  readonly facts?: unknown
}

export const failureBody = ({ code, message, hint, facts }: ClawError): FailureBody => ({ code, message, hint, facts })

/** The failure that a peer reported, or INTERNAL when its code is not one that we know. */
export function failureFrom(body: FailureBody): ClawError {
  if (!Object.hasOwn(failures, body.code) || typeof body.facts !== 'object' || body.facts === null)
    return new ClawError('INTERNAL', { detail: body.message })
  return new ClawError(body.code as FailureCode, body.facts)
}
