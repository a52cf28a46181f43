/** From what was seen to what a reader wants to know. */
import type { Millis } from '../model/time.ts'
import type { Failover, FaultSeen, LeaderSeen, LossSeen, Observed, Sample, WorkloadSeen } from './observed.ts'
import type { Plan } from './plan.ts'
import type { Scenario } from './scenario.ts'
import { type Bin, binsOf, mean, type Quantiles, quantiles } from './statistics.ts'

export interface SimReport {
  readonly scenario: {
    readonly name: string
    readonly about: string
    readonly peers: number
    readonly gpusOfEach: string
    readonly seed: number
    /** Seconds of the mesh in one of the machine; all other times are the mesh's. */
    readonly speed: number
  }
  readonly interrupted: boolean
  readonly startedAt: string
  readonly formedInMs: Millis
  readonly lastedMs: Millis
  readonly workloads: {
    readonly planned: number
    readonly accepted: number
    readonly refused: Readonly<Record<string, number>>
    readonly byState: Readonly<Record<string, number>>
    /** Not at an end when the simulation was. */
    readonly unfinished: number
    /** Placed more than once. */
    readonly placedAgain: number
    /** Why attempts were not the last, and how often. */
    readonly setbacks: Readonly<Record<string, number>>
    readonly errors: Readonly<Record<string, number>>
  }
  readonly waits: Quantiles & { readonly histogram: readonly Bin[]; readonly neverStarted: number }
  /** Percent of the GPUs that could be reached. */
  readonly utilisation: { readonly mean: number; readonly peak: number }
  readonly queue: { readonly mean: number; readonly peak: number }
  readonly leaders: readonly LeaderSeen[]
  readonly failovers: readonly Failover[]
  readonly faults: readonly FaultSeen[]
  readonly spread: {
    readonly trials: number
    /** To each peer. */
    readonly onePeer: Quantiles
    /** To the last peer, in trials in which it came to all. */
    readonly allPeers: Quantiles
    readonly missing: number
  }
  readonly losses: readonly (Omit<LossSeen, 'delays'> & { readonly known: Quantiles })[]
  readonly samples: readonly Sample[]
  /** Share of the peers that had heard of a change, by time, over all trials. */
  readonly spreadCurve: readonly { readonly ms: Millis; readonly share: number }[]
  readonly notes: readonly string[]
}

const ended = ['completed', 'failed', 'stopped']

/** Has the simulation shown a mesh that did all its work? */
export const isComplete = ({ interrupted, workloads }: SimReport): boolean =>
  !interrupted && workloads.unfinished === 0 && workloads.accepted === workloads.planned

export function reportOf(scenario: Scenario, plan: Plan, seed: number, seen: Observed): SimReport {
  const { workloads, samples, spreads, losses } = seen
  const delays = spreads.flatMap((spread) => spread.delays)
  const asked = delays.length + spreads.reduce((sum, { missing }) => sum + missing, 0)
  return {
    scenario: {
      name: scenario.name,
      about: scenario.about,
      peers: plan.peers.length,
      gpusOfEach: scenario.gpus,
      seed,
      speed: scenario.speed,
    },
    interrupted: seen.interrupted,
    startedAt: new Date(seen.startedAt).toISOString(),
    formedInMs: seen.formedIn,
    lastedMs: seen.lasted,
    workloads: {
      planned: plan.arrivals.length,
      accepted: seen.accepted,
      refused: seen.refused,
      byState: countBy(workloads, ({ state }) => state),
      unfinished: Math.max(0, seen.accepted - workloads.filter(({ state }) => ended.includes(state)).length),
      placedAgain: workloads.filter(({ attempts }) => attempts > 1).length,
      setbacks: countBy(
        workloads.flatMap(({ setbacks }) => setbacks),
        (reason) => reason,
      ),
      errors: countBy(
        workloads.filter(({ error }) => error !== null),
        ({ error }) => error ?? '',
      ),
    },
    waits: waitsOf(workloads),
    utilisation: {
      mean: round(mean(samples.map(usedShare))),
      peak: round(Math.max(0, ...samples.map(usedShare))),
    },
    queue: {
      mean: round(mean(samples.map(({ pending }) => pending))),
      peak: Math.max(0, ...samples.map(({ pending }) => pending)),
    },
    leaders: seen.leaders,
    failovers: seen.failovers,
    faults: seen.faults,
    spread: {
      trials: spreads.length,
      onePeer: quantiles(delays),
      allPeers: quantiles(
        spreads.filter(({ missing }) => missing === 0).map((spread) => Math.max(0, ...spread.delays)),
      ),
      missing: asked - delays.length,
    },
    losses: losses.map(({ delays: known, ...loss }) => ({ ...loss, known: quantiles(known) })),
    samples,
    spreadCurve: curveOf(delays, asked),
    notes: seen.notes,
  }
}

/** Percent of the GPUs on reachable nodes that work has. */
export const usedShare = ({ gpusUsed, gpusReachable }: Sample): number =>
  gpusReachable === 0 ? 0 : Math.min(100, (100 * gpusUsed) / gpusReachable)

function waitsOf(workloads: readonly WorkloadSeen[]): SimReport['waits'] {
  const waits = workloads.flatMap(({ submittedAt, firstStartedAt }) =>
    firstStartedAt === null ? [] : [Math.max(0, firstStartedAt - submittedAt)],
  )
  return { ...quantiles(waits), histogram: binsOf(waits), neverStarted: workloads.length - waits.length }
}

/** At most so many points; a curve needs no more. */
const curvePoints = 60

function curveOf(delays: readonly Millis[], asked: number): SimReport['spreadCurve'] {
  const sorted = delays.toSorted((a, b) => a - b)
  const step = Math.max(1, Math.ceil(sorted.length / curvePoints))
  return sorted.flatMap((ms, index) =>
    (index + 1) % step === 0 || index === sorted.length - 1 ? [{ ms, share: (index + 1) / asked }] : [],
  )
}

function countBy<T>(items: readonly T[], key: (item: T) => string): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (const item of items) counts[key(item)] = (counts[key(item)] ?? 0) + 1
  return counts
}

const round = (value: number): number => Math.round(value * 10) / 10
