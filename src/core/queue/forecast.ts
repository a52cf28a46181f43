/** When a workload that waits, or a gang, will fit: the earliest moment at which enough of some nodes’ residents have ended. */
import type { NodeId } from '../../model/ids.ts'
import type { Instant } from '../../model/time.ts'
import { unwelcome } from '../scheduler/admission.ts'
import type { Ask } from './ask.ts'
import type { Resident } from './resident.ts'
import type { Field, Place } from './field.ts'
import { cheapestWays } from './field.ts'
import type { Room } from './room.ts'

export interface Forecast {
  /** More than one for a gang. */
  readonly nodes: readonly NodeId[]
  /** Null when that depends on work without a time limit. */
  readonly from: Instant | null
}

/** Null when it would fit nowhere, whoever ends. Nodes that are taken by others are left out. */
export function forecast(ask: Ask, field: Field): Forecast | null {
  const price = ({ node, roomFor, residents }: Place, count: number): number | null =>
    // Who is there now may well be there then.
    unwelcome(node.residents, ask.lead.spec) === null ? whenFree(roomFor(count), residents, field.at) : null
  const sooner = (a: number, b: number): number => (a === b ? 0 : a - b)
  const ways = cheapestWays(ask, field, { price, compare: (a, b) => sooner(a.after, b.after) })
  if (ways === null) return null
  const from = Math.max(...ways.map(({ what }) => what))
  return { nodes: ways.map(({ node }) => node), from: from < Infinity ? from : null }
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
