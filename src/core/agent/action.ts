/** What the reconciler wants done. Each is one step, may be repeated, and is asked for again until the view shows that it is done. */
import type { CheckpointSignal } from '../../model/checkpoint.ts'
import type { RanImage } from '../../model/image.ts'
import type { PlacementId } from '../../model/ids.ts'
import type { ExecutorKind } from '../../model/node.ts'
import type { Instant, Millis } from '../../model/time.ts'
import type { WorkloadError } from '../../model/workload.ts'
import type { LedgerRecord } from './device-ledger.ts'

export type Report =
  | { readonly type: 'starting'; readonly progress: string }
  | {
      readonly type: 'running'
      readonly startedAt: Instant
      readonly image?: RanImage
      readonly overlayAddress?: string
    }
  | { readonly type: 'checkpoint'; readonly at: Instant }
  | { readonly type: 'health'; readonly ready: boolean; readonly reason: string | null; readonly at: Instant }
  | {
      readonly type: 'ended'
      readonly endedAt: Instant
      readonly exitCode: number | null
      readonly error: WorkloadError | null
      /** It ended before this node told it to. */
      readonly unasked?: true
      readonly image?: RanImage
    }

export type AgentAction =
  | { readonly do: 'record'; readonly placement: PlacementId; readonly record: LedgerRecord }
  | { readonly do: 'claim'; readonly placement: PlacementId }
  | { readonly do: 'reject'; readonly placement: PlacementId; readonly reason: string }
  | { readonly do: 'start'; readonly placement: PlacementId }
  | {
      readonly do: 'checkpoint'
      readonly placement: PlacementId
      readonly executor: ExecutorKind
      readonly signal: CheckpointSignal
      /** Its end, should it come now, makes room: the mesh wants it to go on elsewhere. */
      readonly isLeaving: boolean
    }
  | {
      readonly do: 'stop'
      readonly placement: PlacementId
      readonly executor: ExecutorKind
      readonly grace: Millis
      /** Nobody asked for it: this node is cut off, and the mesh will place the work again. */
      readonly isCutOff?: true
      /** Nobody asked for it: a probe says that it is not well. In words. */
      readonly unhealthy?: string
    }
  /** It is to be stopped soon, and gets no more requests from now on. */
  | { readonly do: 'let-go'; readonly placement: PlacementId }
  | { readonly do: 'remove'; readonly placement: PlacementId; readonly executor: ExecutorKind }
  | { readonly do: 'report'; readonly placement: PlacementId; readonly report: Report }

/**
 * Actions of one placement and lane run one after the other; lanes run side by side: a stop must not wait for the start that it
 * calls off, nor one that is in more of a hurry for a grace that is longer, nor a report for either.
 */
export type Lane = 'work' | 'checkpoint' | `stop within ${number}` | 'report'

export function laneOf(action: AgentAction): Lane {
  switch (action.do) {
    case 'record':
    case 'start':
    case 'remove':
    case 'let-go':
      return 'work'
    case 'checkpoint':
      return 'checkpoint'
    case 'stop':
      return `stop within ${action.grace}`
    case 'claim':
    case 'reject':
    case 'report':
      return 'report'
  }
}
