/**
 * Whom a waiting workload, or gang, may push aside. Only work of a lower priority, and only as much of it as is needed: first the set whose
 * highest priority is lowest, then the one that loses the least work, in device-seconds.
 */
import type { NodeId } from '../../model/ids.ts'
import type { Instant, Millis } from '../../model/time.ts'
import { unwelcome } from '../scheduler/admission.ts'
import type { Ask } from './ask.ts'
import type { Field, Place, Step } from './field.ts'
import { cheapestWays } from './field.ts'
import type { Resident } from './resident.ts'
import type { Room } from './room.ts'

/** Work of this priority is never pushed aside. */
export const untouchable = 1_000

export interface Preemption {
  readonly node: NodeId
  /** None when those who are leaving already make the room: then there is nothing to do but wait for them. */
  readonly victims: readonly Resident[]
}

/** The cheapest way to make room, node by node; null when no end of lesser work would. */
export function preemptionFor(ask: Ask, field: Field): readonly Preemption[] | null {
  const { spec } = ask.lead
  const claimant = { priority: spec.priority, at: field.at }
  const price = ({ roomFor, residents }: Place, count: number): readonly Resident[] | null => {
    const victims = victimsOn(roomFor(count), residents, claimant)
    if (victims === null) return null
    const stay = residents.filter((resident) => !resident.isLeaving && !victims.includes(resident))
    const labels = stay.map((resident) => resident.labels)
    return unwelcome(labels, spec) === null ? victims : null
  }
  const ways = cheapestWays(ask, field, { price, compare: (a, b) => compareCosts(a, b, field.at) })
  return ways?.map(({ node, what }) => ({ node, victims: what })) ?? null
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

type Costs = readonly [highestPriority: number, lostWork: Millis, victims: number]

const costsOf = (victims: readonly Resident[], at: Instant): Costs => [
  Math.max(-1, ...victims.map(({ priority }) => priority)),
  victims.reduce((sum, victim) => sum + lostWork(victim, at), 0),
  victims.length,
]

function compareCosts(a: Step<readonly Resident[]>, b: Step<readonly Resident[]>, at: Instant): number {
  const [highestA, lostA, countA] = extra(a, at)
  const [highestB, lostB, countB] = extra(b, at)
  return highestA - highestB || lostA - lostB || countA - countB
}

/** What one part more costs. */
function extra({ before, after }: Step<readonly Resident[]>, at: Instant): Costs {
  const [highest, lost, count] = costsOf(after, at)
  const [, lostBefore, countBefore] = costsOf(before ?? [], at)
  return [highest, lost - lostBefore, count - countBefore]
}

/** Device-milliseconds since it last saved, or else since it started, of its whole gang; work without devices counts as one. */
const lostWork = ({ startedAt, savedAt, atStake }: Resident, at: Instant): Millis =>
  startedAt === null ? 0 : Math.max(0, at - Math.max(startedAt, savedAt ?? startedAt)) * Math.max(1, atStake)
