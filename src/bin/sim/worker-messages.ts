/** What is said between a simulation and the processes that host its daemons. */
import type { Config } from '../../config/schema.ts'
import type { Pace } from '../../daemon/paced-clock.ts'
import type { FailureBody } from '../../model/failure.ts'

export type ToWorker =
  | {
      readonly type: 'enrol' | 'start'
      readonly peer: string
      readonly config: Config
      /** Join token; null to found a mesh, or to go on in the one of the folder. */
      readonly token: string | null
      readonly version: string
      /** All peers of a simulation share one time. */
      readonly pace: Pace
    }
  /** Shut the daemon down in good order. */
  | { readonly type: 'stop'; readonly peer: string }

export type FromWorker =
  | { readonly type: 'done'; readonly peer: string }
  | { readonly type: 'failed'; readonly peer: string; readonly failure: FailureBody }
  /** A daemon that had started cannot go on; its log says why. */
  | { readonly type: 'broken'; readonly peer: string }
