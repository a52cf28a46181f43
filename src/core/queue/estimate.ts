/**
 * When work that waits is expected to start, as things are now: once the time limits of what runs are up, nodes that are kept or that
 * others before it wait for left to these. Where no time limit says so, nobody knows, and then nothing is said.
 */
import type { NodeId, WorkloadId } from '../../model/ids.ts'
import type { Instant } from '../../model/time.ts'
import { plan } from '../scheduler/plan.ts'
import type { SchedulerSettings, Snapshot } from '../scheduler/types.ts'
import type { Ask } from './ask.ts'
import { asksOf } from './ask.ts'
import type { Field } from './field.ts'
import { forecast } from './forecast.ts'
import { preemptionFor } from './preemption.ts'
import { lately } from './reserve.ts'
import { inOrder } from './turns.ts'

export interface QueuePlace {
  /** 1 is looked at first. */
  readonly position: number
  readonly length: number
  /** Null when nobody can tell. */
  readonly estimatedStart: Instant | null
}

/** Of so many that wait for room: each takes a look at all nodes, and what is behind them depends on too much. */
const mostEstimates = 32

/** Of all that wait, each part of a gang included. The snapshot names the nodes that are kept. */
export function queueOf(
  snapshot: Snapshot,
  residentsOf: Field['residentsOf'],
  settings: SchedulerSettings,
): ReadonlyMap<WorkloadId, QueuePlace> {
  const order = inOrder(snapshot.pending, snapshot.accounts)
  const starts = estimatedStarts(snapshot, residentsOf, settings)
  return new Map(
    order.flatMap(({ lead, parts }, i) => {
      const place = { position: i + 1, length: order.length, estimatedStart: starts.get(lead.id) ?? null }
      return parts.map(({ id }) => [id, place] as const)
    }),
  )
}

/** By the lead of each ask; those of which nobody can tell are missing. */
function estimatedStarts(
  snapshot: Snapshot,
  residentsOf: Field['residentsOf'],
  settings: SchedulerSettings,
): ReadonlyMap<WorkloadId, Instant> {
  const { at, nodes, pending } = snapshot
  const asks = new Map(asksOf(pending).map((ask) => [ask.lead.id, ask]))
  const starts = new Map<WorkloadId, Instant>()
  const waiting: Ask[] = []
  for (const decision of plan(snapshot, settings)) {
    if (decision.decision !== 'wait') starts.set(decision.workload, at)
    else if (decision.lacks === 'room')
      waiting.push(...[asks.get(decision.workload)].filter((one) => one !== undefined))
  }
  const taken = new Map<NodeId, WorkloadId>(Array.from(snapshot.reservations, ([id, { workload }]) => [id, workload]))
  for (const ask of waiting.slice(0, mostEstimates)) {
    const { id } = ask.lead
    const ofOthers = Array.from(taken).flatMap(([node, workload]) => (workload === id ? [] : [node]))
    const expected = expect(ask, { nodes, residentsOf, at, taken: new Set([...ofOthers, ...lately(ask, at)]) })
    if (expected === null) continue
    for (const node of expected.nodes) taken.set(node, id)
    if (expected.from !== null) starts.set(id, expected.from)
  }
  return starts
}

/** Whoever is pushed aside for it has time to save; how much of that is used, only they know. */
function expect(ask: Ask, field: Field): ReturnType<typeof forecast> {
  const preemptions = preemptionFor(ask, field)
  return preemptions === null ? forecast(ask, field) : { nodes: preemptions.map(({ node }) => node), from: null }
}
