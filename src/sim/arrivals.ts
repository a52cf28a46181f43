/** Which work arrives when: drawn from a distribution, or read from a trace. */
import { z } from 'zod'
import { parseDuration } from '../lib/units.ts'
import { ClawError } from '../model/failure.ts'
import type { Millis } from '../model/time.ts'
import type { Random } from '../ports/random.ts'
import type { Duration, Scenario } from './scenario.ts'

export interface Arrival {
  /** Since the work began. */
  readonly at: Millis
  readonly name: string
  readonly gpus: number
  /** How long it runs once it has started. */
  readonly duration: Millis
  readonly priority: number
  readonly exitCode: number
  readonly onPartition: 'continue' | 'stop' | 'replace'
}

/** A source of chance of its own for each purpose, so that one more fault leaves the arrivals as they are. */
export type RandomFor = (purpose: string) => Random

type Work = Scenario['work']

/** In the order of their times. Times, sizes and durations each have a chance of their own. */
export function arrivalsOf(work: Work, randomFor: RandomFor): readonly Arrival[] {
  const times = timesOf(work, randomFor('arrivals')).toSorted((a, b) => a - b)
  const [sizes, lengths, ranks, ends] = ['sizes', 'durations', 'priorities', 'ends'].map(randomFor) as [
    Random,
    Random,
    Random,
    Random,
  ]
  return times.map((at, index) => ({
    at,
    name: workloadName(index),
    gpus: oneOf(work.gpus, sizes),
    duration: durationIn(work.duration, lengths),
    priority: oneOf(work.priorities, ranks),
    exitCode: ends.next() < work.failing ? 1 : 0,
    onPartition: work.onPartition,
  }))
}

const workloadName = (index: number): string => `sim-${String(index + 1).padStart(4, '0')}`

function timesOf({ arrivals, count, over, bursts }: Work, random: Random): Millis[] {
  const each = <T>(make: (index: number) => T): T[] => Array.from({ length: count }, (_, index) => make(index))
  switch (arrivals) {
    case 'uniform':
      return each((index) => Math.round((index * over) / count))
    case 'burst':
      return each((index) => {
        const burst = Math.floor((index * bursts) / count)
        return Math.round((burst * over) / bursts + random.next() * 500)
      })
    // A Poisson process of which the number is known: that many moments, each anywhere.
    case 'poisson':
    case 'trace':
      return each(() => Math.round(random.next() * over))
  }
}

function durationIn({ distribution, mean, min, max }: Duration, random: Random): Millis {
  const chance = random.next()
  const drawn =
    distribution === 'fixed'
      ? mean
      : distribution === 'uniform'
        ? min + chance * (Math.max(min, 2 * mean - min) - min)
        : -Math.log(1 - chance) * mean
  return Math.round(Math.min(Math.max(drawn, min), max))
}

const oneOf = <T>(choices: readonly T[], random: Random): T => choices[Math.floor(random.next() * choices.length)] as T

const seconds = z.union([z.number().min(0), z.string()]).transform((value, context) => {
  const ms = typeof value === 'number' ? value * 1_000 : parseDuration(value)
  if (ms !== null && ms >= 0) return Math.round(ms)
  context.addIssue({ code: 'custom', message: `"${value}" is no span of time` })
  return z.NEVER
})

const Row = z.object({
  time: seconds,
  duration: seconds,
  gpus: z.coerce.number().int().min(0).max(64).default(1),
  priority: z.coerce.number().int().min(0).max(1_000).default(500),
  exit_code: z.coerce.number().int().min(0).max(255).default(0),
  name: z.string().optional(),
})

const most = 10_000

/**
 * A trace is CSV with a line of names, or JSONL: `time` and `duration` (seconds, or such as 1m30s), and maybe `gpus`, `priority`,
 * `exit_code`, `name`. Other columns are left alone. Throws SCENARIO_INVALID with the line that is wrong.
 */
export function traceOf(file: string, text: string, onPartition: Arrival['onPartition']): readonly Arrival[] {
  const lines = text.split(/\r?\n/).map((line, index) => ({ line: line.trim(), number: index + 1 }))
  const filled = lines.filter(({ line }) => line !== '')
  const rows = filled[0]?.line.startsWith('{') === true ? jsonRows(file, filled) : csvRows(filled)
  if (rows.length === 0) throw invalid(file, 'it holds no workloads')
  if (rows.length > most) throw invalid(file, `it holds ${rows.length} workloads, and ${most} are the most`)
  return rows
    .map(({ row, number }) => {
      const parsed = Row.safeParse(row)
      if (parsed.success) return parsed.data
      const [issue] = parsed.error.issues
      throw invalid(file, `line ${number}: ${issue?.path.map(String).join('.') ?? ''}: ${issue?.message ?? ''}`)
    })
    .toSorted((a, b) => a.time - b.time)
    .map(({ time, duration, gpus, priority, exit_code: exitCode }, index) => ({
      ...{ at: time, duration, gpus, priority, exitCode, onPartition },
      name: workloadName(index),
    }))
}

interface Line {
  readonly line: string
  readonly number: number
}

const jsonRows = (file: string, lines: readonly Line[]) =>
  lines.map(({ line, number }) => {
    try {
      return { row: JSON.parse(line) as unknown, number }
    } catch (error) {
      throw invalid(file, `line ${number}: ${(error as Error).message}`)
    }
  })

function csvRows([head, ...lines]: readonly Line[]): readonly { readonly row: unknown; readonly number: number }[] {
  const names = (head?.line ?? '').split(',').map((name) => name.trim().toLowerCase())
  return lines.map(({ line, number }) => {
    const cells = line.split(',').map((cell) => cell.trim().replace(/^"(.*)"$/, '$1'))
    const filled = names.flatMap((name, at) => (cells[at] === undefined || cells[at] === '' ? [] : [[name, cells[at]]]))
    return { row: Object.fromEntries(filled) as unknown, number }
  })
}

const invalid = (file: string, problem: string): ClawError => new ClawError('SCENARIO_INVALID', { file, problem })
