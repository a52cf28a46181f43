/** Which seeds are played, and what is said when one fails. */
import { Violation } from '../../../src/simulation/consensus-checker.ts'
import type { WorldReport, WorldRun } from './run.ts'
import { playWorld } from './run.ts'

const first = Number(process.env['CLAW_SIM_FIRST'] ?? 0)
export const count = Number(process.env['CLAW_SIM_SEEDS'] ?? 1_000)
/** Long before that a run that hangs shows. */
export const patience = 60_000 + count * 2_000

/** Every `of`th seed, beginning with the shard's own; the sums of what happened. One that fails does not keep the others from being played. */
export async function playShard(shard: number, of: number): Promise<WorldReport> {
  const sums = { ...nothing }
  const failures: unknown[] = []
  for (let seed = first + shard; seed < first + count && failures.length < tooMany; seed += of) {
    try {
      const report = await playAlone({ seed })
      for (const key of keys) sums[key] += report[key]
    } catch (error) {
      failures.push(error)
    }
  }
  if (failures.length === 1) throw failures[0]
  if (failures.length > 1) throw new AggregateError(failures, failures.map(String).join('\n'))
  return sums
}

/** Failures after which the rest of a shard would only tell the same again. */
const tooMany = 10

/** What a test of every second seed is called. */
export const halfOfThem = `a mesh does what it acknowledged, once and in one place, whatever happens to it (half of ${count} seeds)`

/** What has hardly happened in half of many seeds: a run in which nothing happens proves nothing. */
export function tooRare(sums: WorldReport): readonly string[] {
  if (count < 200) return []
  const least = {
    ...{ acknowledged: 3 * count, executions: 3 * count, reads: count },
    ...{ evictions: count / 50, preemptions: count / 50, losses: count / 50, retries: count / 50 },
  }
  return (Object.keys(least) as (keyof typeof least)[]).filter((what) => sums[what] <= least[what])
}

const nothing = {
  ...{ acknowledged: 0, executions: 0, evictions: 0, preemptions: 0, losses: 0 },
  ...{ retries: 0, reads: 0, entries: 0, virtualMs: 0 },
}
const keys = Object.keys(nothing) as (keyof typeof nothing)[]

/** Plays one seed, and catches what its daemons threw where nobody awaited it. Most errors are expected, so stacks are costly and rarely read. */
async function playAlone(run: WorldRun): Promise<WorldReport> {
  const limit = Error.stackTraceLimit
  if (count > 1) Error.stackTraceLimit = 0
  try {
    return await playWorld(run)
  } catch (error) {
    const repro = `CLAW_SIM_FIRST=${run.seed} CLAW_SIM_SEEDS=1 npx vitest run --project simulation test/simulation/mesh`
    throw new Error(`seed ${run.seed}: ${String(error)}; ${repro}`, { cause: error })
  } finally {
    Error.stackTraceLimit = limit
    // What was thrown without anybody to catch it comes up now, and not with the next seed.
    await new Promise((resolve) => void setImmediate(resolve))
  }
}

/** The invariant that the first of some seeds to notice names; null when none does. */
export async function firstToNotice(run: Omit<WorldRun, 'seed'>, seeds: number): Promise<string | null> {
  for (let seed = 0; seed < seeds; seed += 1) {
    try {
      await playWorld({ ...run, seed })
    } catch (error) {
      if (error instanceof Violation) return `${error.invariant}, seed ${seed}`
      return `${String(error)}, seed ${seed}`
    }
  }
  return null
}
