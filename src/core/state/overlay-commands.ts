/** What changes the overlay. */
import type { NodeId } from '../../model/ids.ts'
import type { OverlayLane, OverlaySettings } from '../../model/overlay.ts'

export type OverlayCommand =
  /** Also changes what can be changed while it is on. */
  | { readonly type: 'enable-overlay'; readonly settings: OverlaySettings }
  /** Forgets all addresses. */
  | { readonly type: 'disable-overlay' }
  /** The node takes part, or says anew how. It has a slot from then on. */
  | {
      readonly type: 'join-overlay'
      readonly node: NodeId
      readonly lane: OverlayLane
      readonly endpoints: readonly string[]
      readonly isBehindNat: boolean
      readonly isManaged: boolean
    }
  /** The node takes no part any more. Its slot stays its own. */
  | { readonly type: 'leave-overlay'; readonly node: NodeId }
  /** Whom the node does not reach by itself at present. */
  | { readonly type: 'detour-overlay'; readonly node: NodeId; readonly detours: readonly NodeId[] }
  /** New keys for these, or for all; with `finish`, the rotation that is under way is over. */
  | { readonly type: 'rotate-overlay'; readonly nodes: readonly NodeId[] | null; readonly finish: boolean }
  /** All traffic of the node goes by this generation now. */
  | { readonly type: 'report-overlay'; readonly node: NodeId; readonly moved: number }
