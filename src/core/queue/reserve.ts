/**
 * What is done for work that fits nowhere now, in the order of the queue: lesser work is pushed aside for it, or, when it has waited
 * for long, a node is kept for it, so that a stream of small work cannot starve a large one.
 */
import type { NodeId, PlacementId } from '../../model/ids.ts'
import { type Instant, type Millis, minute } from '../../model/time.ts'
import type { Workload } from '../../model/workload.ts'
import { forecast } from './forecast.ts'
import type { Field } from './field.ts'
import { preemptionFor } from './preemption.ts'
import type { Reservation, Reservations } from './reservation.ts'

export interface Eviction {
  readonly placement: PlacementId
  readonly reason: string
}

export interface ReserveSettings {
  /** How long work waits before a node is kept for it. */
  readonly reserveAfter: Millis
  /** For how many workloads something is done at a time. */
  readonly most: number
}

export const defaultReserving: ReserveSettings = { reserveAfter: minute, most: 16 }

export interface Provision {
  readonly reservations: Reservations
  readonly evictions: readonly Eviction[]
}

/** `waiting` are those that the plan found no place for, in its order. */
export function provide(
  waiting: readonly Workload[],
  field: Omit<Field, 'taken'>,
  { reserveAfter, most }: ReserveSettings,
): Provision {
  const reservations = new Map<NodeId, Reservation>()
  const evictions: Eviction[] = []
  let kept = 0
  for (const workload of waiting) {
    if (reservations.size >= most) break
    if (workload.notBefore !== null && workload.notBefore > field.at) continue
    const usable = { ...field, taken: new Set([...reservations.keys(), ...lately(workload, field.at)]) }
    const preemption = preemptionFor(workload, usable)
    if (preemption !== null) {
      reservations.set(preemption.node, { workload: workload.id, from: field.at, priority: workload.spec.priority })
      for (const { placement } of preemption.victims)
        evictions.push({ placement, reason: `makes room for ${workload.name}` })
      continue
    }
    if (field.at - workload.submittedAt < reserveAfter || kept >= mostKept(field.nodes.length)) continue
    const expected = forecast(workload, usable)
    if (expected === null) continue
    const { node, from } = expected
    reservations.set(node, { workload: workload.id, from, priority: workload.spec.priority })
    kept += 1
  }
  return { reservations, evictions }
}

/** A kept node is half idle while it empties: one in ten is enough for every large job to have its turn. */
const mostKept = (nodes: number): number => Math.max(1, Math.floor(nodes / 10))

/** Nodes that refused it: nobody is pushed aside there. */
const lately = ({ rejections }: Workload, at: Instant): readonly NodeId[] =>
  rejections.filter((refusal) => refusal.at + minute > at).map(({ node }) => node)
