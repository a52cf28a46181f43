/** Takes decisions one after the other, each on what the ones before have left. */
import type { GroupId, NodeId, WorkloadId } from '../../model/ids.ts'
import type { Instant } from '../../model/time.ts'
import { second } from '../../model/time.ts'
import type { Workload, WorkloadSpec } from '../../model/workload.ts'
import type { Ask } from '../queue/ask.ts'
import { mayUse, type Reservation } from '../queue/reservation.ts'
import { isGang } from '../state/groups.ts'
import { roomFor, seatGang } from './gang.ts'
import type { Granted, Kind } from './kind.ts'
import type { NodeLedger } from './ledger.ts'
import { devicesFor, priceInWords, shortagesOf } from './offer.ts'
import { summarize } from './reasons.ts'
import { refusedRecently } from './standing.ts'
import { Stock } from './stock.ts'
import type { Decision, Obstacle, SchedulerSettings, Snapshot } from './types.ts'
import { Wishes } from './wishes.ts'

export class Planner {
  readonly #snapshot: Snapshot
  readonly #settings: SchedulerSettings
  readonly #stock: Stock
  readonly #placedParts: Map<GroupId, number>
  readonly #wishes: Wishes
  /** The reservations without those that are like another. */
  readonly #keepers: readonly Reservation[]
  /** How many decisions were not to wait. */
  #placed = 0
  /** Why nothing fitted, by kind and what else matters: within a plan nothing is given back, so nothing will. */
  readonly #blocked = new Map<string, string>()

  constructor(snapshot: Snapshot, settings: SchedulerSettings, stock = new Stock()) {
    this.#snapshot = snapshot
    this.#settings = settings
    this.#stock = stock
    stock.renew(snapshot.nodes)
    this.#placedParts = new Map(snapshot.placedParts)
    this.#wishes = new Wishes(snapshot)
    this.#keepers = keepersIn(snapshot)
  }

  decide({ lead, parts }: Ask): Decision {
    const { id, spec } = lead
    const early = this.#tooEarly(lead, parts)
    if (early !== null) return wait(id, early, 'turn')
    const key = kindKey(spec)
    const avoided = avoidedNodes(parts, this.#snapshot.at, this.#settings)
    const alike = avoided.size === 0 ? `${key} ${this.#likesOf(lead)}` : null
    const blocked = alike === null ? undefined : this.#blocked.get(alike)
    if (blocked !== undefined) return wait(id, blocked)

    const kind = this.#stock.kindOf(key, spec)
    const decision = isGang(lead) ? this.#placeGang(kind, parts, avoided) : this.#placeOne(kind, lead, avoided)
    if (decision !== null) {
      this.#placed += 1
      return decision
    }
    const reason = this.#whyNowhere(kind, lead, avoided)
    if (alike !== null) {
      this.#blocked.set(alike, reason)
      this.#stock.done(key)
    }
    return wait(id, reason)
  }

  /**
   * The same for workloads of one kind that may use the same nodes: nothing else tells one from another. Whom a workload wants beside it
   * may still come, so then it matters also how much was placed before.
   */
  #likesOf(workload: Workload): string {
    const { part, spec } = workload
    const kept = this.#keepers.map((keeper) => (mayUse(keeper, workload, this.#snapshot.at) ? 'y' : 'n')).join('')
    const kin = part !== null && spec.parts?.ownNodes === true && !spec.parts.gang ? part.group : ''
    return `${kept} ${spec.near === undefined ? '' : this.#placed} ${kin}`
  }

  #tooEarly({ part, spec }: Workload, parts: readonly Workload[]): string | null {
    const reason = parts.map((one) => tooEarly(one, this.#snapshot)).find((one) => one !== null)
    if (reason !== undefined) return reason
    if (part === null || spec.parts === undefined) return null
    const { gang, count, atOnce = Infinity } = spec.parts
    if (gang) return parts.length === count ? null : 'waits until the rest of its gang has stopped'
    return (this.#placedParts.get(part.group) ?? 0) < atOnce ? null : `waits, as ${atOnce} of its array run already`
  }

  #placeOne(kind: Kind, workload: Workload, avoided: ReadonlyMap<string, string>): Decision | null {
    const isUsable = (node: NodeId, ledger: NodeLedger): boolean =>
      !avoided.has(node) && this.#mayUse(node, workload) && !isSharedWithKin(ledger, workload)
    const { id, spec, attempt, part, preferredNode } = workload
    const best = kind.best(isUsable, preferredNode === null ? null : this.#stock.placeOf(preferredNode))
    if (best === null) return null
    const isWished = best.ledger.node.id === preferredNode
    const than = this.#stock.placeOf(best.ledger.node.id) ?? 0
    const wishes = isWished ? [] : this.#wishes.of(workload)
    const { candidate, decided } = wishes.length === 0 ? asItIs : kind.granting(wishes, { than, mayUse: isUsable })
    const { ledger, standing } = candidate ?? best
    const given = devicesFor(ledger, standing, spec)
    ledger.take(spec, given, part)
    const node = ledger.node.id
    this.#stock.changed(node)
    if (part !== null) this.#placedParts.set(part.group, 1 + (this.#placedParts.get(part.group) ?? 0))
    const devices = given.map(({ uuid }) => uuid)
    this.#wishes.placed(workload, node)
    const because = whyThere(ledger, kind, isWished ? ['it was to go to this one'] : decided)
    return {
      decision: 'place',
      workload: id,
      attempt: attempt + 1,
      node,
      devices,
      executor: standing.executor,
      because,
    }
  }

  #placeGang(kind: Kind, parts: readonly Workload[], avoided: ReadonlyMap<string, string>): Decision | null {
    const [lead] = parts
    const group = lead?.part?.group
    if (lead === undefined || group === undefined) return null
    const hosts = kind.hosts(parts.length, (node) => !avoided.has(node) && this.#mayUse(node, lead))
    const seats = seatGang(hosts, { spec: lead.spec, count: parts.length })
    if (seats === null) return null
    const places = seats.map(({ ledger, standing, devices }) => {
      this.#stock.changed(ledger.node.id)
      return { node: ledger.node.id, devices: devices.map(({ uuid }) => uuid), executor: standing.executor }
    })
    const attempt = 1 + Math.max(...parts.map((part) => part.attempt))
    const used = new Set(places.map(({ node }) => node)).size
    const because = `the ${parts.length} parts of its gang fit on ${used} of the ${kind.able} nodes that could run them`
    return { decision: 'place-gang', workload: lead.id, group, attempt, places, because }
  }

  #mayUse(node: NodeId, workload: Workload): boolean {
    return mayUse(this.#snapshot.reservations.get(node), workload, this.#snapshot.at)
  }

  #whyNowhere({ candidates, obstacles }: Kind, workload: Workload, avoided: ReadonlyMap<string, string>): string {
    const { spec } = workload
    const shortage = shortagesOf(spec)
    const shortages = candidates.map((candidate) => {
      const { ledger, standing } = candidate
      const refusal = avoided.get(ledger.node.id)
      if (refusal !== undefined) return refusedRecently(refusal)
      const lack = shortage(ledger, standing) ?? (this.#mayUse(ledger.node.id, workload) ? null : kept)
      if (lack !== null) return lack
      if (isGang(workload)) return roomOnly(roomFor(candidate, spec), spec)
      return isSharedWithKin(ledger, workload) ? shared : null
    })
    return summarize([...obstacles, ...shortages.filter((obstacle) => obstacle !== null)])
  }
}

/** `3 of 12 nodes could run it, and this one has its image; this one then has 2 GPUs free`. */
function whyThere({ node, free }: NodeLedger, { able, nodes, spec }: Kind, decided: readonly string[]): string {
  const why = [`${able} of ${nodes} nodes could run it`, ...decided].join(', and ')
  return `${why}; this one then has ${free.size} GPUs free${priceInWords(node, spec)}`
}

const keepersIn = ({ reservations }: Snapshot): readonly Reservation[] => [
  ...new Map(Array.from(reservations.values(), (one) => [`${one.workload} ${one.from} ${one.priority}`, one])).values(),
]

const asItIs: Granted = { candidate: null, decided: [] }

/** Whether another part is there, when each is to have a node of its own. */
const isSharedWithKin = ({ groups }: NodeLedger, { part, spec }: Workload): boolean =>
  part !== null && spec.parts?.ownNodes === true && groups.has(part.group)

const shared: Obstacle = { one: 'has another part of it already', many: 'have another part of it already' }

function roomOnly(room: number, { parts }: WorkloadSpec): Obstacle {
  const words = `room for ${room} of the ${parts?.count ?? 1} parts of its gang`
  return { one: `has ${words}`, many: `have ${words} each` }
}

const wait = (workload: WorkloadId, reason: string, lacks: 'room' | 'turn' = 'room'): Decision => ({
  ...{ decision: 'wait', workload, reason, lacks },
})

/** What has to be the same for two workloads to fit the same nodes. */
function kindKey(spec: WorkloadSpec): string {
  const { gpus, cpus, memoryMib, diskMib, node, nodeSelector, executor, tolerations, near, apart, strategy } = spec
  const gang = spec.parts?.gang === true ? spec.parts : null
  return JSON.stringify([
    ...[gpus, cpus, memoryMib, diskMib, node, nodeSelector, executor],
    ...[tolerations, near, apart, strategy, gang, volumesIn(spec)],
  ])
}

/** Sources that may be volumes of the mesh, whose data may be on one node; null where there are none. */
function volumesIn({ namespace, mounts }: WorkloadSpec): readonly string[] | null {
  const sources = mounts.map(({ source }) => source).filter((source) => !source.startsWith('/'))
  return sources.length === 0 ? null : [namespace, ...sources]
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

/** Nodes that refused one of these a short while ago, and why. */
export function avoidedNodes(
  workloads: readonly Pick<Workload, 'rejections'>[],
  at: number,
  { avoidFor }: SchedulerSettings,
): ReadonlyMap<string, string> {
  const rejections = workloads.flatMap((workload) => workload.rejections)
  if (rejections.length === 0) return nobody
  return new Map(rejections.filter((refusal) => refusal.at + avoidFor > at).map(({ node, reason }) => [node, reason]))
}

const nobody: ReadonlyMap<string, string> = new Map()

export const kept: Obstacle = {
  one: 'is kept for work that has waited longer',
  many: 'are kept for work that has waited longer',
}
