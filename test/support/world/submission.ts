/** What a user asked for, and what the user was told. */
import type { WorkloadId } from '../../../src/model/ids.ts'

export interface Submission {
  readonly name: string
  readonly key: string
  readonly request: Readonly<Record<string, unknown>>
  readonly gpus: number
  readonly priority: number
  /** Null until the mesh has acknowledged it. */
  id: WorkloadId | null
  /** The code of a refusal that repeating would not change. */
  refused: string | null
  /** The user tries no more. */
  isOver: boolean
  /** The attempt that was current when a request to stop it was acknowledged. */
  stoppedAt: number | null
}
