/**
 * Seats for a gang: all of its parts or none. On one node if one has the room, else within the smallest surroundings that do, and there on
 * as few nodes as possible, for the parts talk to each other all the time.
 */
import type { GpuDevice } from '../../model/gpu.ts'
import type { WorkloadSpec } from '../../model/workload.ts'
import { deviceCount } from '../../model/workload.ts'
import { demandOf } from '../state/demand.ts'
import { reluctance } from './admission.ts'
import { countFree, devicesFor, offerOf } from './offer.ts'
import type { Candidate } from './ranking.ts'
import type { Standing } from './standing.ts'

export interface Seat extends Candidate {
  readonly devices: readonly GpuDevice[]
}

/** Labels of nodes that say where they are, the nearest surroundings first. */
const surroundings = ['rack', 'zone', 'region'] as const

export interface GangRequest {
  readonly spec: WorkloadSpec
  readonly count: number
}

export interface Host {
  readonly candidate: Candidate
  /** For how many parts it has room; an upper bound. */
  readonly room: number
}

/** Takes the seats from the ledgers of hosts with room. Null when there are too few, and then nothing is taken. */
export function seatGang(hosts: readonly Host[], request: GangRequest): readonly Seat[] | null {
  const { spec, count } = request
  const willing = hosts.filter(({ candidate }) => reluctance(candidate.ledger.node, spec) === 0)
  for (const some of willing.length === hosts.length ? [hosts] : [willing, hosts])
    for (const domain of domainsOf(some, count)) {
      const seats = takeSeats(domain, request)
      if (seats !== null) return seats
    }
  return null
}

/** How many parts would fit there, one beside the other. */
export function roomFor({ ledger, standing }: Candidate, spec: WorkloadSpec): number {
  const [devices, demand] = [deviceCount(spec), demandOf(spec)]
  const free = countFree(ledger, standing, spec)
  const most = Math.min(
    devices === 0 ? Infinity : free / devices,
    demand.cpuMillis === 0 ? Infinity : ledger.cpuMillis / demand.cpuMillis,
    demand.memoryMib === 0 ? Infinity : ledger.memoryMib / demand.memoryMib,
  )
  return Math.max(0, Math.min(spec.parts?.ownNodes === true ? 1 : Infinity, Math.floor(most)))
}

/** Sets of hosts with room for all, the best first: nearest surroundings, then fewest hosts, then least room left over. */
function* domainsOf(hosts: readonly Host[], count: number): Generator<readonly Host[]> {
  const enough = hosts.filter(({ room }) => room >= count)
  const [head, ...others] = enough
  if (head !== undefined) {
    // Nearly always the first will do: the others are put in order only if it does not.
    const best = others.reduce((a, b) => (slack(b) < slack(a) ? b : a), head)
    yield [best]
    for (const host of enough.filter((one) => one !== best).toSorted((a, b) => slack(a) - slack(b))) yield [host]
  }
  for (const label of surroundings) {
    const domains = Map.groupBy(hosts, ({ candidate }) => candidate.ledger.node.labels[label])
    domains.delete(undefined)
    const able = [...domains.values()].filter((domain) => total(domain) >= count)
    yield* able.toSorted((a, b) => hostsNeeded(a, count) - hostsNeeded(b, count) || total(a) - total(b))
  }
  if (total(hosts) >= count) yield hosts
}

const slack = ({ candidate }: Host): number => candidate.ledger.free.size
const total = (hosts: readonly Host[]): number => hosts.reduce((sum, { room }) => sum + room, 0)

function hostsNeeded(hosts: readonly Host[], count: number): number {
  let left = count
  let needed = 0
  for (const { room } of hosts.toSorted((a, b) => b.room - a.room)) {
    if (left <= 0) break
    left -= room
    needed += 1
  }
  return needed
}

/** The roomiest host again and again, and for the last parts the one that they fill best. */
function takeSeats(domain: readonly Host[], { spec, count }: GangRequest): readonly Seat[] | null {
  const seats: Seat[] = []
  const left = [...domain]
  while (seats.length < count && left.length > 0) {
    const missing = count - seats.length
    const enough = left.filter(({ room }) => room >= missing)
    const host = enough.length > 0 ? least(enough) : most(left)
    left.splice(left.indexOf(host), 1)
    for (let i = 0; i < Math.min(host.room, missing); i += 1) {
      const { ledger, standing } = host.candidate
      const others = spec.gpus.share === undefined ? standing : withoutGiven(standing, seats)
      if (offerOf(ledger, others, spec) === null) break
      const devices = devicesFor(ledger, others, spec)
      ledger.take(spec, devices)
      seats.push({ ledger, standing, devices })
    }
  }
  if (seats.length === count) return seats
  for (const { ledger, devices } of seats.toReversed()) ledger.giveBack(spec, devices)
  return null
}

/** No two parts share a device: what lets GPUs talk to each other refuses one that is two of them. */
function withoutGiven(standing: Standing, seats: readonly Seat[]): Standing {
  const given = new Set(seats.flatMap(({ devices }) => devices))
  return { ...standing, suitable: standing.suitable.filter((device) => !given.has(device)) }
}

const least = (hosts: readonly Host[]): Host => hosts.reduce((a, b) => (b.room < a.room ? b : a))
const most = (hosts: readonly Host[]): Host => hosts.reduce((a, b) => (b.room > a.room ? b : a))
