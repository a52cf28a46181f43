/** When a workload that waits will fit: the earliest moment at which enough of some node's residents have ended. */
import type { NodeId } from '../../model/ids.ts'
import type { Instant } from '../../model/time.ts'
import type { Workload } from '../../model/workload.ts'
import { unwelcome } from '../scheduler/admission.ts'
import type { Resident } from './resident.ts'
import type { Field } from './field.ts'
import { places } from './field.ts'
import type { Room } from './room.ts'

export interface Forecast {
  readonly node: NodeId
  /** Null when that depends on work without a time limit. */
  readonly from: Instant | null
}

/** Null when it would fit on no node, whoever ends there. Nodes that are taken by others are left out. */
export function forecast(workload: Workload, field: Field): Forecast | null {
  let best: { readonly node: NodeId; readonly from: number } | null = null
  for (const { node, room, residents } of places(workload, field)) {
    // Who is there now may well be there then.
    if (unwelcome(node.residents, workload.spec) !== null) continue
    const from = whenFree(room, residents, field.at)
    if (from !== null && (best === null || from < best.from)) best = { node: node.id, from }
  }
  return best === null ? null : { node: best.node, from: best.from < Infinity ? best.from : null }
}

/** Infinity when somebody without a time limit has to end first, null when it is not enough even once all have ended that ever will. */
function whenFree(room: Room, residents: readonly Resident[], at: Instant): number | null {
  let from = at
  const mayEnd = residents.filter(({ isEndless, isLeaving }) => isLeaving || !isEndless)
  const end = (resident: Resident): number => (resident.isLeaving ? at : (resident.endsBy ?? Infinity))
  for (const resident of mayEnd.toSorted((a, b) => end(a) - end(b) || (a.workload < b.workload ? -1 : 1))) {
    if (room.isEnough) break
    room.without(resident)
    from = Math.max(from, end(resident))
  }
  return room.isEnough ? from : null
}
