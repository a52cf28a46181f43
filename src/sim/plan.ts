/** From a scenario and a seed to what is to happen when. The same seed gives the same plan. */
import type { Millis } from '../model/time.ts'
import type { Random } from '../ports/random.ts'
import { type Arrival, arrivalsOf, type RandomFor } from './arrivals.ts'
import type { Fault, Scenario } from './scenario.ts'

/** A fault at its time. `leader` stands for whoever leads then: the seed cannot know. */
export type PlannedFault =
  | { readonly kind: 'crash'; readonly at: Millis; readonly target: string; readonly restartAfter: Millis | null }
  | { readonly kind: 'partition'; readonly at: Millis; readonly span: Millis; readonly peers: readonly string[] }
  | {
      readonly kind: 'slow'
      readonly at: Millis
      readonly span: Millis
      readonly latency: Millis
      readonly peers: readonly string[]
    }
  | { readonly kind: 'join'; readonly at: Millis; readonly peers: readonly string[] }
  | { readonly kind: 'leave'; readonly at: Millis; readonly target: string }

export interface Plan {
  readonly peers: readonly string[]
  readonly arrivals: readonly Arrival[]
  /** In the order of their times. */
  readonly faults: readonly PlannedFault[]
}

export function planOf(scenario: Scenario, trace: readonly Arrival[] | null, randomFor: RandomFor): Plan {
  const peers = Array.from({ length: scenario.peers }, (_, at) => peerName(at + 1))
  let joined = peers.length
  const faults = scenario.faults.map((fault, index) => {
    const random = randomFor(`fault ${index}`)
    if (fault.kind !== 'join') return plannedFault(fault, peers, random)
    const first = joined + 1
    joined += fault.count
    const newcomers = Array.from({ length: fault.count }, (_, at) => peerName(first + at))
    return { kind: 'join' as const, at: momentIn(fault.at, random), peers: newcomers }
  })
  return {
    peers,
    arrivals: trace ?? arrivalsOf(scenario.work, randomFor),
    faults: faults.toSorted((a, b) => a.at - b.at),
  }
}

function plannedFault(fault: Exclude<Fault, { kind: 'join' }>, peers: readonly string[], random: Random): PlannedFault {
  const at = momentIn(fault.at, random)
  const one = (target: string): string => (target === 'random' ? pickSome(peers, 1, random)[0] : target) ?? target
  const some = (who: number | string | readonly string[]): readonly string[] =>
    typeof who === 'number'
      ? pickSome(peers, Math.max(1, Math.round(who * peers.length)), random)
      : [...new Set([who].flat().map(one))]
  switch (fault.kind) {
    case 'crash':
      return { kind: 'crash', at, target: one(fault.target), restartAfter: fault.restartAfter ?? null }
    case 'partition':
      return { kind: 'partition', at, span: fault.for, peers: some(fault.cutOff) }
    case 'slow':
      return { kind: 'slow', at, span: fault.for, latency: fault.latency, peers: some(fault.who) }
    case 'leave':
      return { kind: 'leave', at, target: one(fault.target) }
  }
}

export const peerName = (number: number): string => `peer-${number}`

const momentIn = (at: Millis | readonly [Millis, Millis], random: Random): Millis =>
  typeof at === 'number' ? at : Math.round(at[0] + random.next() * (at[1] - at[0]))

/** So many different ones, by chance, in their old order. */
function pickSome<T>(from: readonly T[], count: number, random: Random): readonly T[] {
  const left = from.map((_, index) => index)
  const taken: number[] = []
  while (taken.length < count && left.length > 0) taken.push(...left.splice(Math.floor(random.next() * left.length), 1))
  return taken.toSorted((a, b) => a - b).flatMap((index) => from.slice(index, index + 1))
}

/** When the last thing happens that was planned. */
export const lastMoment = ({ arrivals, faults }: Plan): Millis =>
  Math.max(0, ...arrivals.map(({ at }) => at), ...faults.map(endOf))

const endOf = (fault: PlannedFault): Millis =>
  fault.at + ('span' in fault ? fault.span : fault.kind === 'crash' ? (fault.restartAfter ?? 0) : 0)
