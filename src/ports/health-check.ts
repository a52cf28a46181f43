/** Asks a port of a task whether it is well. */
import type { Millis } from '../model/time.ts'

export interface CheckTarget {
  readonly host: string
  readonly port: number
}

export interface Finding {
  readonly isWell: boolean
  /** What was found, in a few words that are the same for the same trouble. */
  readonly detail: string
}

export interface HealthChecks {
  /** 200 to 399 is well. Nothing of the body is read. Throws the signal's reason. */
  http(target: CheckTarget & { readonly path: string }, signal: AbortSignal): Promise<Finding>
  /** A connection is well. Throws the signal's reason. */
  tcp(target: CheckTarget, signal: AbortSignal): Promise<Finding>
}

/** How a check tells that it was given up. */
export const tooLate = (timeout: Millis): string => `no answer within ${timeout} ms`
