/**
 * Decides what runs where: by priority, then by age; each workload on the node that it leaves least of. A workload that fits nowhere
 * waits, and smaller ones behind it may go first. Nothing is reserved for it yet.
 */
import type { Workload, WorkloadSpec } from '../../model/workload.ts'
import { NodeLedger } from './ledger.ts'
import { devicesFor, offerOf, shortage } from './offer.ts'
import { summarize } from './reasons.ts'
import type { Standing } from './standing.ts'
import { modelMatcher, refusedRecently, standingOf } from './standing.ts'
import type { Decision, Obstacle, Offer, SchedulerSettings, Snapshot } from './types.ts'

/** One decision for each pending workload, in the order in which they were taken, up to the most placements of one plan. */
export function plan(snapshot: Snapshot, settings: SchedulerSettings): readonly Decision[] {
  const planner = new Planner(snapshot, settings)
  const decisions: Decision[] = []
  let placements = 0
  for (const workload of inOrder(snapshot.pending)) {
    const decision = planner.decide(workload)
    decisions.push(decision)
    if (decision.decision === 'place') placements += 1
    if (placements >= settings.maxPlacements) break
  }
  return decisions
}

const inOrder = (pending: readonly Workload[]): readonly Workload[] =>
  pending.toSorted(
    (a, b) => b.spec.priority - a.spec.priority || a.submittedAt - b.submittedAt || (a.id < b.id ? -1 : 1),
  )

interface Candidate {
  readonly ledger: NodeLedger
  readonly standing: Standing
}

/** What workloads that ask for the same have in common. */
interface Class {
  /** Nodes that could run the work if they were empty. */
  readonly candidates: readonly Candidate[]
  /** What speaks against the other nodes. */
  readonly obstacles: readonly Obstacle[]
  /** Set once nothing fitted: within a plan nothing is given back, so nothing will. */
  blocked: string | null
}

class Planner {
  readonly #snapshot: Snapshot
  readonly #settings: SchedulerSettings
  readonly #ledgers: readonly NodeLedger[]
  readonly #matches = modelMatcher()
  readonly #classes = new Map<string, Class>()

  constructor(snapshot: Snapshot, settings: SchedulerSettings) {
    this.#snapshot = snapshot
    this.#settings = settings
    this.#ledgers = snapshot.nodes.map((node) => new NodeLedger(node))
  }

  decide(workload: Workload): Decision {
    const { id, spec, attempt } = workload
    const kind = this.#classOf(spec)
    const avoided = avoidedNodes(workload, this.#snapshot.at, this.#settings)
    if (kind.blocked !== null && avoided.size === 0) return { decision: 'wait', workload: id, reason: kind.blocked }

    let best: (Candidate & { readonly offer: Offer }) | null = null
    for (const candidate of kind.candidates) {
      if (avoided.has(candidate.ledger.node.id)) continue
      const offer = offerOf(candidate.ledger, candidate.standing, spec)
      if (offer !== null && (best === null || isBetter(offer, best.offer))) best = { ...candidate, offer }
    }
    if (best === null) {
      const reason = whyNowhere(kind, spec, avoided)
      if (avoided.size === 0) kind.blocked = reason
      return { decision: 'wait', workload: id, reason }
    }
    const { ledger, standing } = best
    const given = devicesFor(ledger, standing, spec)
    ledger.take(spec, given)
    const devices = given.map(({ uuid }) => uuid)
    const { executor } = standing
    return { decision: 'place', workload: id, attempt: attempt + 1, node: ledger.node.id, devices, executor }
  }

  #classOf(spec: WorkloadSpec): Class {
    const { gpus, cpus, memoryMib, node, nodeSelector, executor } = spec
    const key = JSON.stringify([gpus, cpus, memoryMib, node, nodeSelector, executor])
    const known = this.#classes.get(key)
    if (known !== undefined) return known
    const all = this.#ledgers.map((ledger) => ({ ledger, standing: standingOf(ledger.node, spec, this.#matches) }))
    const made: Class = {
      candidates: all.flatMap(({ ledger, standing }) => ('one' in standing ? [] : [{ ledger, standing }])),
      obstacles: all.flatMap(({ standing }) => ('one' in standing ? [standing] : [])),
      blocked: null,
    }
    this.#classes.set(key, made)
    return made
  }
}

/** Nodes that refused this workload a short while ago, and why. */
export function avoidedNodes(
  { rejections }: Workload,
  at: number,
  { avoidFor }: SchedulerSettings,
): ReadonlyMap<string, string> {
  if (rejections.length === 0) return nobody
  return new Map(rejections.filter((refusal) => refusal.at + avoidFor > at).map(({ node, reason }) => [node, reason]))
}

const nobody: ReadonlyMap<string, string> = new Map()

function whyNowhere(kind: Class, spec: WorkloadSpec, avoided: ReadonlyMap<string, string>): string {
  const shortages = kind.candidates.map(({ ledger, standing }) => {
    const refusal = avoided.get(ledger.node.id)
    return refusal === undefined ? shortage(ledger, standing, spec) : refusedRecently(refusal)
  })
  return summarize([...kind.obstacles, ...shortages.filter((obstacle) => obstacle !== null)])
}

/** The first of equals stays: nodes come in the order in which they joined. */
const isBetter = (a: Offer, b: Offer): boolean =>
  (a.freeDevices - b.freeDevices || a.memoryMib - b.memoryMib || a.placements - b.placements) < 0
