/** Takes decisions one after the other, each on what the ones before have left. */
import type { NodeId, WorkloadId } from '../../model/ids.ts'
import type { Instant } from '../../model/time.ts'
import { second } from '../../model/time.ts'
import type { Workload, WorkloadSpec } from '../../model/workload.ts'
import { mayUse } from '../queue/reservation.ts'
import { NodeLedger } from './ledger.ts'
import { devicesFor, shortage } from './offer.ts'
import type { Candidate } from './ranking.ts'
import { Ranking } from './ranking.ts'
import { summarize } from './reasons.ts'
import { modelMatcher, refusedRecently, standingOf } from './standing.ts'
import type { Decision, Obstacle, SchedulerSettings, Snapshot } from './types.ts'

/** What workloads that ask for the same have in common. */
interface Class {
  /** Nodes that could run the work if they were empty. */
  readonly candidates: readonly Candidate[]
  readonly ranking: Ranking
  /** How many of the planner's placements the ranking knows. */
  known: number
  /** What speaks against the other nodes. */
  readonly obstacles: readonly Obstacle[]
  /** Set once nothing fitted: within a plan nothing is given back, so nothing will. */
  blocked: string | null
}

export class Planner {
  readonly #snapshot: Snapshot
  readonly #settings: SchedulerSettings
  readonly #ledgers: readonly NodeLedger[]
  readonly #matches = modelMatcher()
  readonly #classes = new Map<string, Class>()
  /** Where something was placed, in order. */
  readonly #placements: NodeId[] = []

  constructor(snapshot: Snapshot, settings: SchedulerSettings) {
    this.#snapshot = snapshot
    this.#settings = settings
    this.#ledgers = snapshot.nodes.map((node) => new NodeLedger(node))
  }

  decide(workload: Workload): Decision {
    const { id, spec } = workload
    const early = tooEarly(workload, this.#snapshot)
    if (early !== null) return wait(id, early)
    const kind = this.#classOf(spec)
    const avoided = avoidedNodes(workload, this.#snapshot.at, this.#settings)
    if (kind.blocked !== null && avoided.size === 0) return wait(id, kind.blocked)

    const isUsable = (node: NodeId): boolean => !avoided.has(node) && this.#mayUse(node, workload)
    const best = this.#bestOf(kind, workload, isUsable)
    if (best !== null) return this.#place(workload, best)
    const reason = this.#whyNowhere(kind, workload, avoided)
    // Within a class only these can tell one workload from another; and whom it wants beside it may still come.
    const isForAll = avoided.size === 0 && this.#snapshot.reservations.size === 0 && spec.near === undefined
    if (isForAll) kind.blocked = reason
    return wait(id, reason)
  }

  #bestOf(kind: Class, { preferredNode }: Workload, isUsable: (node: NodeId) => boolean): Candidate | null {
    for (const node of this.#placements.slice(kind.known)) kind.ranking.changed(node)
    kind.known = this.#placements.length
    const preferred = preferredNode !== null && isUsable(preferredNode) ? kind.ranking.at(preferredNode) : null
    return preferred ?? kind.ranking.best(isUsable)
  }

  #place({ id, spec, attempt }: Workload, { ledger, standing }: Candidate): Decision {
    const given = devicesFor(ledger, standing, spec)
    ledger.take(spec, given)
    const node = ledger.node.id
    this.#placements.push(node)
    const devices = given.map(({ uuid }) => uuid)
    return { decision: 'place', workload: id, attempt: attempt + 1, node, devices, executor: standing.executor }
  }

  #mayUse(node: NodeId, workload: Workload): boolean {
    return mayUse(this.#snapshot.reservations.get(node), workload, this.#snapshot.at)
  }

  #whyNowhere({ candidates, obstacles }: Class, workload: Workload, avoided: ReadonlyMap<string, string>): string {
    const shortages = candidates.map(({ ledger, standing }) => {
      const refusal = avoided.get(ledger.node.id)
      if (refusal !== undefined) return refusedRecently(refusal)
      return shortage(ledger, standing, workload.spec) ?? (this.#mayUse(ledger.node.id, workload) ? null : kept)
    })
    return summarize([...obstacles, ...shortages.filter((obstacle) => obstacle !== null)])
  }

  #classOf(spec: WorkloadSpec): Class {
    const key = classKey(spec)
    const known = this.#classes.get(key)
    if (known !== undefined) return known
    const all = this.#ledgers.map((ledger) => ({ ledger, standing: standingOf(ledger.node, spec, this.#matches) }))
    const candidates = all.flatMap(({ ledger, standing }) => ('one' in standing ? [] : [{ ledger, standing }]))
    const made: Class = {
      candidates,
      ranking: new Ranking(candidates, spec),
      known: this.#placements.length,
      obstacles: all.flatMap(({ standing }) => ('one' in standing ? [standing] : [])),
      blocked: null,
    }
    this.#classes.set(key, made)
    return made
  }
}

const wait = (workload: WorkloadId, reason: string): Decision => ({ decision: 'wait', workload, reason })

/** What has to be the same for two workloads to fit the same nodes. */
function classKey(spec: WorkloadSpec): string {
  const { gpus, cpus, memoryMib, diskMib, node, nodeSelector, executor, tolerations, near, apart, strategy } = spec
  return JSON.stringify([
    ...[gpus, cpus, memoryMib, diskMib, node, nodeSelector, executor],
    ...[tolerations, near, apart, strategy],
  ])
}

/** Why it is not even looked for a place; null when it is. */
export function tooEarly(
  { id, notBefore }: Workload,
  { at, blocked }: Pick<Snapshot, 'at' | 'blocked'>,
): string | null {
  const reason = blocked.get(id)
  if (reason !== undefined) return reason
  if (notBefore === null || notBefore <= at) return null
  return `is tried again at ${wholeSecond(notBefore)}`
}

/** A moment and no span, so that the reason stays the same while it waits. */
const wholeSecond = (at: Instant): string =>
  new Date(second * Math.ceil(at / second)).toISOString().replace('.000Z', 'Z')

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

const kept: Obstacle = {
  one: 'is kept for work that has waited longer',
  many: 'are kept for work that has waited longer',
}
