/** What the decision on a rollout is made from, and what it comes to. */
import type { Deployment } from '../../model/deployment.ts'
import type { Instant, Millis } from '../../model/time.ts'
import { minute, second } from '../../model/time.ts'
import type { SetRollout } from '../state/deployment-commands.ts'
import type { Census } from './census.ts'

/** What the service proxies of all peers have seen of one revision lately. */
export interface Measurement {
  readonly requests: number
  readonly errors: number
  /** Null when nothing was measured. */
  readonly p99Ms: number | null
}

export interface RolloutView {
  readonly deployment: Deployment
  readonly census: Census
  readonly at: Instant
  /** Of the target, over the time that the gates ask for; null when nobody has measured. */
  readonly measured: Measurement | null
  readonly settings: RolloutSettings
}

export interface RolloutSettings {
  /** How long a replica gets no more requests before it is stopped: so long may a peer take to hear of it. */
  readonly drain: Millis
  /** So many failed starts are no accident; in a large deployment, a fifth of its size. */
  readonly failures: number
  /** A pause after the first failure, twice as long after the next round of them, up to the longest. */
  readonly backoff: Millis
  readonly longestBackoff: Millis
  /** What has run for so long did not fail to start. */
  readonly steady: Millis
  /** Fewer requests say nothing. */
  readonly fewestRequests: number
}

export const defaultRollouts: RolloutSettings = {
  drain: 2 * second,
  failures: 3,
  backoff: second,
  longestBackoff: 5 * minute,
  steady: 10 * minute,
  fewestRequests: 10,
}

/** One command for the leader to make, but for the names of what is to be started. */
export type Decision = Omit<SetRollout, 'type' | 'deployment' | 'step' | 'start'> & {
  readonly start?: readonly { readonly revision: number; readonly count: number }[]
}
