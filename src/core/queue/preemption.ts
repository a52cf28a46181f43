/**
 * Whom a waiting workload may push aside. Only work of a lower priority, only on one node, and only as much of it as is needed: first
 * the set whose highest priority is lowest, then the one that loses the least work, in device-seconds.
 */
import type { NodeId } from '../../model/ids.ts'
import type { Instant, Millis } from '../../model/time.ts'
import type { Workload } from '../../model/workload.ts'
import { unwelcome } from '../scheduler/admission.ts'
import type { Field } from './field.ts'
import { places } from './field.ts'
import type { Resident } from './resident.ts'
import type { Room } from './room.ts'

/** Work of this priority is never pushed aside. */
export const untouchable = 1_000

export interface Preemption {
  readonly node: NodeId
  /** None when those who are leaving already make the room: then there is nothing to do but wait for them. */
  readonly victims: readonly Resident[]
}

/** The cheapest way to make room, or null when no end of lesser work would. */
export function preemptionFor(workload: Workload, field: Field): Preemption | null {
  const { spec } = workload
  let best: (Preemption & { readonly cost: Cost }) | null = null
  for (const { node, room, residents } of places(workload, field)) {
    const victims = victimsOn(room, residents, { priority: spec.priority, at: field.at })
    if (victims === null) continue
    const stay = residents.filter((resident) => !resident.isLeaving && !victims.includes(resident))
    const labels = stay.map((resident) => resident.labels)
    if (unwelcome(labels, spec) !== null) continue
    const cost = costOf(victims, field.at)
    if (best === null || isLess(cost, best.cost)) best = { node: node.id, victims, cost }
  }
  return best === null ? null : { node: best.node, victims: best.victims }
}

interface Claimant {
  readonly priority: number
  readonly at: Instant
}

/** Whom to stop on one node, null when that would not be enough. Those who leave anyway come first and cost nothing. */
function victimsOn(room: Room, residents: readonly Resident[], { priority, at }: Claimant): readonly Resident[] | null {
  for (const resident of residents) if (resident.isLeaving) room.without(resident)
  const lesser = residents
    .filter((resident) => !resident.isLeaving && resident.priority < Math.min(priority, untouchable))
    .toSorted(
      (a, b) => a.priority - b.priority || lostWork(a, at) - lostWork(b, at) || (a.workload < b.workload ? -1 : 1),
    )
  const chosen: Resident[] = []
  for (const resident of lesser) {
    if (room.isEnough) break
    if (!room.helps(resident)) continue
    room.without(resident)
    chosen.push(resident)
  }
  if (!room.isEnough) return null
  // The dearest first: what a later one has made superfluous is spared.
  return chosen
    .toReversed()
    .filter((resident) => !isSpared(room, resident))
    .toReversed()
}

function isSpared(room: Room, resident: Resident): boolean {
  room.withAgain(resident)
  if (room.isEnough) return true
  room.without(resident)
  return false
}

interface Cost {
  readonly highest: number
  readonly lost: number
  readonly count: number
}

const costOf = (victims: readonly Resident[], at: Instant): Cost => ({
  highest: Math.max(-1, ...victims.map(({ priority }) => priority)),
  lost: victims.reduce((sum, victim) => sum + lostWork(victim, at), 0),
  count: victims.length,
})

const isLess = (a: Cost, b: Cost): boolean => (a.highest - b.highest || a.lost - b.lost || a.count - b.count) < 0

/** Device-milliseconds since it started; work without devices counts as one. What was saved in between is not known. */
const lostWork = ({ startedAt, devices }: Resident, at: Instant): Millis =>
  startedAt === null ? 0 : Math.max(0, at - startedAt) * Math.max(1, devices.length)
