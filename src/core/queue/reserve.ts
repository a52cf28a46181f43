/**
 * What is done for work that fits nowhere now, in the order of the queue: lesser work is pushed aside for it, or, when it has waited
 * for long, a node is kept for it, so that a stream of small work cannot starve a large one.
 */
import type { NodeId, PlacementId } from '../../model/ids.ts'
import { type Instant, type Millis, minute } from '../../model/time.ts'
import type { Ask } from './ask.ts'
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
  waiting: readonly Ask[],
  field: Omit<Field, 'taken'>,
  { reserveAfter, most }: ReserveSettings,
): Provision {
  const reservations = new Map<NodeId, Reservation>()
  const evictions: Eviction[] = []
  let kept = 0
  for (const ask of waiting.slice(0, most)) {
    const { id, name, submittedAt, spec } = ask.lead
    const { priority } = spec
    const usable = { ...field, taken: new Set([...reservations.keys(), ...lately(ask, field.at)]) }
    const preemptions = preemptionFor(ask, usable)
    if (preemptions !== null) {
      for (const { node, victims } of preemptions) {
        reservations.set(node, { workload: id, from: field.at, priority })
        for (const { placement } of victims) evictions.push({ placement, reason: `makes room for ${name}` })
      }
      continue
    }
    if (field.at - submittedAt < reserveAfter) continue
    const expected = forecast(ask, usable)
    // A gang may need more nodes than are kept otherwise: it gets them when nobody else has any.
    if (expected === null || (kept > 0 && kept + expected.nodes.length > mostKept(field.nodes.length))) continue
    for (const node of expected.nodes) reservations.set(node, { workload: id, from: expected.from, priority })
    kept += expected.nodes.length
  }
  return { reservations, evictions }
}

/** A kept node is half idle while it empties: one in ten is enough for every large job to have its turn. */
const mostKept = (nodes: number): number => Math.max(1, Math.floor(nodes / 10))

/** Nodes that refused it a while ago: nobody is pushed aside there. */
export const lately = ({ parts }: Ask, at: Instant): readonly NodeId[] =>
  parts.flatMap(({ rejections }) => rejections.filter((refusal) => refusal.at + minute > at).map(({ node }) => node))
