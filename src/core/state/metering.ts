/** What the placements of a namespace took, by the day on which they took it, and of which GPUs: what a bill is made of. */
import type { MeteredDay } from '../../model/prices.ts'
import type { Instant } from '../../model/time.ts'
import { hour } from '../../model/time.ts'
import type { Workload } from '../../model/workload.ts'
import { demandOf, gpuMillisOf } from './demand.ts'
import type { State } from './state.ts'
import { limits } from './state.ts'
import type { MeshState } from './types.ts'

export const meteredDay = 24 * hour

const nothing = { gpuSeconds: {}, cpuSeconds: 0, memoryGibSeconds: 0 } as const

type Known = Pick<MeshState, 'members'>

/** What it took from its start until then, on each day that it touched of the last that are kept; oldest first. */
export function tookUntil(state: Known, workload: Workload, until: Instant): readonly MeteredDay[] {
  const { startedAt } = workload
  if (startedAt === null || until <= startedAt) return []
  const last = Math.floor(until / meteredDay)
  const first = Math.max(Math.floor(startedAt / meteredDay), last - limits.meteredDays + 1)
  const days: MeteredDay[] = []
  for (let day = first; day <= last; day += 1) {
    const from = Math.max(startedAt, day * meteredDay)
    const to = Math.min(until, (day + 1) * meteredDay)
    if (to > from) days.push({ day, ...amountOf(state, workload, to - from) })
  }
  return days
}

function amountOf(state: Known, { spec, placement }: Workload, span: number): Omit<MeteredDay, 'day'> {
  const { cpuMillis, memoryMib } = demandOf(spec)
  return {
    gpuSeconds: gpuSecondsOf(state, { spec, placement }, span),
    cpuSeconds: Math.round((cpuMillis * span) / 1_000_000),
    memoryGibSeconds: Math.round((memoryMib * span) / 1_024_000),
  }
}

/** Each of its devices counts as much as the others. */
function gpuSecondsOf(
  { members }: Known,
  { spec, placement }: Pick<Workload, 'spec' | 'placement'>,
  span: number,
): Readonly<Record<string, number>> {
  const devices = placement?.devices ?? []
  const gpus = placement === null ? [] : (members.get(placement.node)?.inventory?.gpus ?? [])
  const each = gpuMillisOf(spec) / Math.max(1, devices.length)
  const counts = new Map<string, number>()
  for (const uuid of devices) {
    const model = gpus.find((gpu) => gpu.uuid === uuid)?.model ?? 'unknown'
    counts.set(model, (counts.get(model) ?? 0) + 1)
  }
  return Object.fromEntries(
    Array.from(counts, ([model, count]) => [model, Math.round((each * count * span) / 1_000_000)]),
  )
}

/** Adds what a placement that is over has taken. */
export function meter(state: State, workload: Workload, at: Instant): void {
  const { namespace } = workload.spec
  const days = new Map((state.metered.get(namespace) ?? []).map((one) => [one.day, one]))
  for (const took of tookUntil(state, workload, at))
    days.set(took.day, added(days.get(took.day) ?? { day: took.day, ...nothing }, took))
  if (days.size === 0) return
  const kept = [...days.values()].toSorted((a, b) => a.day - b.day).slice(-limits.meteredDays)
  state.metered.set(namespace, kept)
}

/** Both together. More models than are kept count as `other`. */
export function added(before: MeteredDay, took: MeteredDay): MeteredDay {
  const gpuSeconds: Record<string, number> = { ...before.gpuSeconds }
  for (const [model, seconds] of Object.entries(took.gpuSeconds)) {
    const isKept = Object.hasOwn(gpuSeconds, model) || Object.keys(gpuSeconds).length < limits.meteredModels
    const name = isKept ? model : 'other'
    gpuSeconds[name] = (Object.hasOwn(gpuSeconds, name) ? (gpuSeconds[name] ?? 0) : 0) + seconds
  }
  return {
    day: before.day,
    gpuSeconds,
    cpuSeconds: before.cpuSeconds + took.cpuSeconds,
    memoryGibSeconds: before.memoryGibSeconds + took.memoryGibSeconds,
  }
}
