/** Namespaces, what their work takes now, and what it has taken. */
import type { Namespace, Quota, WorkLimits, WorkLimitsPatch } from '../../model/namespace.ts'
import { defaultNamespace, unlimited } from '../../model/namespace.ts'
import { hour, type Instant, type Millis } from '../../model/time.ts'
import type { Workload, WorkloadSpec } from '../../model/workload.ts'
import { isTerminal } from '../../model/workload.ts'
import type { Lasting } from '../policy/limits.ts'
import { limitBroken, withDefaults } from '../policy/limits.ts'
import type { Room } from './crowd.ts'
import { roomObstacle } from './room.ts'
import { demandOf, gpuMillisOf } from './demand.ts'
import { meter } from './metering.ts'
import { policyObstacle } from './policies.ts'
import { forgetNamespace } from './access-rights.ts'
import type { State } from './state.ts'
import { limits } from './state.ts'
import type { Step } from './step.ts'
import { accepted, emit, refused } from './step.ts'
import type { CommandOf, MeshState, Outcome, Spending } from './types.ts'

type Source = Pick<MeshState, 'namespaces' | 'spending'>

/** Null when there is none of that name. */
export function namespaceOf({ namespaces }: Pick<Source, 'namespaces'>, name: string): Namespace | null {
  const known = namespaces.get(name)
  if (known !== undefined) return known
  return name === defaultNamespace ? { ...unlimited, name, createdAt: 0 } : null
}

export const noSpending: Spending = { gpuMillis: 0, cpuMillis: 0, memoryMib: 0, workloads: 0 }

export const spendingOf = ({ spending }: Pick<Source, 'spending'>, name: string): Spending =>
  spending.get(name) ?? noSpending

/** What placements take of a quota; how many workloads there are is another matter. */
export type Price = Omit<Spending, 'workloads'>

/** What so many placements of it take of a quota. */
export function priceOf(spec: WorkloadSpec, count = 1): Price {
  const { cpuMillis, memoryMib } = demandOf(spec)
  return { gpuMillis: count * gpuMillisOf(spec), cpuMillis: count * cpuMillis, memoryMib: count * memoryMib }
}

/** Which limit the price would break, in words such as `all 8 of its GPUs are in use`; null when it stays within all. */
export function overrun(quota: Quota, spent: Spending, price: Price): string | null {
  const gpuMillis = quota.gpus === null ? null : 1_000 * quota.gpus
  const isOver = (what: 'gpuMillis' | 'cpuMillis' | 'memoryMib'): boolean => {
    const most = what === 'gpuMillis' ? gpuMillis : quota[what]
    return most !== null && price[what] > 0 && spent[what] + price[what] > most
  }
  const words = (wanted: number, used: number, most: number | null, what: string): string =>
    `it needs ${wanted} ${what}, and ${used} of ${most ?? 0} are in use`
  if (isOver('gpuMillis')) {
    const wanted = price.gpuMillis / 1_000
    return words(wanted, spent.gpuMillis / 1_000, quota.gpus, wanted === 1 ? 'GPU' : 'GPUs')
  }
  if (isOver('cpuMillis'))
    return words(price.cpuMillis / 1_000, spent.cpuMillis / 1_000, (quota.cpuMillis ?? 0) / 1_000, 'CPU cores')
  if (isOver('memoryMib')) return words(price.memoryMib, spent.memoryMib, quota.memoryMib, 'MiB of memory')
  return null
}

/** Why these placements of the work may not be; null when they may. */
export function quotaObstacle(state: Source, spec: WorkloadSpec, count: number): Outcome | null {
  const namespace = namespaceOf(state, spec.namespace)
  if (namespace === null || namespace.borrow) return null
  const reason = overrun(namespace.quota, spendingOf(state, spec.namespace), priceOf(spec, count))
  return reason === null ? null : refused('QUOTA_EXCEEDED', { namespace: spec.namespace, reason })
}

/** The spec as the namespace completes it. What is new comes here first, whoever makes it. */
export const completed = (state: Pick<Source, 'namespaces'>, spec: WorkloadSpec, lasting: Lasting): WorkloadSpec =>
  withDefaults(spec, namespaceOf(state, spec.namespace), lasting)

interface Wanted {
  readonly replicas: number
  readonly lasting: Lasting
  /** The spec that it takes the place of. */
  readonly instead?: WorkloadSpec | undefined
}

/** Why work like this may not be, in so many parts or replicas; null when it may. */
export function workObstacle(
  state: Pick<MeshState, 'namespaces' | 'policies' | 'volumes'> & Room,
  spec: WorkloadSpec,
  { replicas, lasting, instead }: Wanted,
): Outcome | null {
  const namespace = namespaceOf(state, spec.namespace)
  if (namespace === null) return refused('NAMESPACE_NOT_FOUND', { namespace: spec.namespace })
  const reason = limitBroken(spec, namespace, lasting)
  if (reason !== null) return refused('LIMIT_EXCEEDED', { namespace: spec.namespace, reason })
  return (
    roomObstacle(state, spec.namespace, spec, { instead }) ??
    policyObstacle(state, { spec, replicas, isLasting: lasting === 'lasting' })
  )
}

/** Why the namespace takes no such workload, or no more of them; null when it does. Asked of everything that becomes a workload, whoever makes it. */
export function submissionObstacle(
  state: Source & Pick<MeshState, 'policies'> & Room,
  spec: WorkloadSpec,
  count: number,
  wanted: { readonly replicas: number; readonly lasting: Lasting } = { replicas: count, lasting: 'ending' },
): Outcome | null {
  const { namespace: name } = spec
  const namespace = namespaceOf(state, name)
  if (namespace === null) return refused('NAMESPACE_NOT_FOUND', { namespace: name })
  const obstacle = workObstacle(state, spec, wanted) ?? roomObstacle(state, name, spec, { count })
  if (obstacle !== null) return obstacle
  const most = namespace.quota.workloads
  const { workloads } = spendingOf(state, name)
  if (most === null || workloads + count <= most) return null
  return refused('QUOTA_EXCEEDED', { namespace: name, reason: `${workloads} of its ${most} workloads have not ended` })
}

/** With so much more, or less, of it. */
export const plus = (spent: Spending, price: Price, sign: 1 | -1 = 1): Spending => ({
  gpuMillis: spent.gpuMillis + sign * price.gpuMillis,
  cpuMillis: spent.cpuMillis + sign * price.cpuMillis,
  memoryMib: spent.memoryMib + sign * price.memoryMib,
  workloads: spent.workloads,
})

/** Counts a workload in, or out again. */
export function spend(state: State, workload: Workload, sign: 1 | -1): void {
  if (isTerminal(workload.state)) return
  const name = workload.spec.namespace
  const before = spendingOf(state, name)
  const price = priceOf(workload.spec, workload.placement === null ? 0 : 1)
  const after: Spending = { ...plus(before, price, sign), workloads: before.workloads + sign }
  if (after.workloads === 0) state.spending.delete(name)
  else state.spending.set(name, after)
}

/** Consumption is summed up over so long. */
export const consumptionPeriod: Millis = 6 * hour

/**
 * How much of the mesh a workload takes: its devices, or its shares of some, in thousandths, and without any, or beside a great deal of CPU or memory, what part
 * of an ordinary GPU host's share for one device (16 cores, 128 GiB) it takes.
 */
export function sizeOf(spec: WorkloadSpec): number {
  const { gpuMillis, cpuMillis, memoryMib } = priceOf(spec)
  return Math.max(1, gpuMillis, Math.round(cpuMillis / 16), Math.round(memoryMib / 131.072))
}

/** Adds what a placement that is over has taken: whole GPU-seconds, so that every peer counts the same. */
export function consume(state: State, workload: Workload, at: Instant): void {
  const { spec, startedAt } = workload
  if (startedAt === null || at <= startedAt) return
  if (state.version >= 2) meter(state, workload, at)
  const amount = Math.round((sizeOf(spec) * (at - startedAt)) / 1_000_000)
  const period = Math.floor(at / consumptionPeriod)
  const before = state.consumed.get(spec.namespace) ?? []
  const last = before.at(-1)
  const after: readonly (readonly [number, number])[] =
    last?.[0] === period ? [...before.slice(0, -1), [period, last[1] + amount]] : [...before, [period, amount]]
  state.consumed.set(spec.namespace, after.slice(-limits.periods))
}

interface LimitPair<T> {
  readonly defaults?: T | undefined
  readonly maxima?: T | undefined
}

/** Limit by limit: null takes one away. What is empty is not there. */
function limited(
  before: LimitPair<WorkLimits>,
  patch: LimitPair<WorkLimitsPatch>,
): Pick<Namespace, 'defaults' | 'maxima'> {
  const merged = (old: WorkLimits = {}, changed: WorkLimitsPatch = {}): WorkLimits =>
    Object.fromEntries(Object.entries({ ...old, ...changed }).filter(([, limit]) => limit !== null))
  const defaults = merged(before.defaults, patch.defaults)
  const maxima = merged(before.maxima, patch.maxima)
  return {
    ...(Object.keys(defaults).length > 0 && { defaults }),
    ...(Object.keys(maxima).length > 0 && { maxima }),
  }
}

export function createNamespace(step: Step, command: CommandOf<'create-namespace'>): Outcome {
  const { state, at, by, changes } = step
  const { name, quota, weight, borrow, defaults, maxima } = command
  if (namespaceOf(state, name) !== null) return refused('NAMESPACE_EXISTS', { namespace: name })
  if (state.namespaces.size >= limits.namespaces) return refused('RATE_LIMITED', { who: by })
  state.namespaces.set(name, { name, quota, weight, borrow, ...limited({}, { defaults, maxima }), createdAt: at })
  changes.push({ type: 'namespace', name })
  emit(step, { type: 'namespace.created', message: `the namespace ${name} was created by ${by}` })
  return accepted()
}

/** Two changes of different limits at once both count. What runs stays, even if it is more than a new limit. */
export function updateNamespace(step: Step, command: CommandOf<'update-namespace'>): Outcome {
  const { state, by, changes } = step
  const { name, quota, weight, borrow, defaults, maxima } = command
  const before = namespaceOf(state, name)
  if (before === null) return refused('NAMESPACE_NOT_FOUND', { namespace: name })
  const { defaults: oldDefaults, maxima: oldMaxima, ...rest } = before
  state.namespaces.set(name, {
    ...rest,
    ...limited({ defaults: oldDefaults, maxima: oldMaxima }, { defaults, maxima }),
    quota: { ...before.quota, ...quota },
    weight: weight ?? before.weight,
    borrow: borrow ?? before.borrow,
  })
  changes.push({ type: 'namespace', name })
  emit(step, { type: 'namespace.changed', message: `the namespace ${name} was changed by ${by}` })
  return accepted()
}

export function removeNamespace(step: Step, { name }: CommandOf<'remove-namespace'>): Outcome {
  const { state, by, changes } = step
  if (namespaceOf(state, name) === null) return refused('NAMESPACE_NOT_FOUND', { namespace: name })
  if (name === defaultNamespace) return refused('INVALID_REQUEST', { problem: 'the default namespace stays' })
  const { workloads } = spendingOf(state, name)
  if (workloads > 0) return refused('NAMESPACE_BUSY', { namespace: name, workloads })
  const volume = [...state.volumes.values()].find(({ namespace }) => namespace === name)
  if (volume !== undefined)
    return refused('INVALID_REQUEST', { problem: `its volume ${volume.name} has to be deleted first` })
  const schedule = [...state.backupSchedules.values()].find(({ namespace }) => namespace === name)
  if (schedule !== undefined)
    return refused('INVALID_REQUEST', { problem: `its schedule of backups ${schedule.name} has to be deleted first` })
  const backup = [...state.backups.values()].find(({ namespace }) => namespace === name)
  if (backup !== undefined)
    return refused('INVALID_REQUEST', { problem: `its backup ${backup.id} has to be deleted first` })
  const ingress = [...state.ingresses.values()].find(({ namespace }) => namespace === name)
  if (ingress !== undefined)
    return refused('INVALID_REQUEST', { problem: `its ingress ${ingress.name} has to be deleted first` })
  const wall = [...state.networkPolicies.values()].find(({ namespace }) => namespace === name)
  if (wall !== undefined)
    return refused('INVALID_REQUEST', { problem: `its network policy ${wall.name} has to be deleted first` })
  const deployment = [...state.deployments.values()].find(({ namespace }) => namespace === name)
  if (deployment !== undefined)
    return refused('INVALID_REQUEST', { problem: `its deployment ${deployment.name} has to be deleted first` })
  const kept = [...state.secrets.values(), ...state.configs.values()].find(({ namespace }) => namespace === name)
  if (kept !== undefined) return refused('INVALID_REQUEST', { problem: `its ${kept.name} has to be deleted first` })
  const timed = [...state.crons.values(), ...state.workflows.values(), ...state.jobs.values()]
  const left = timed.find(({ namespace }) => namespace === name)
  if (left !== undefined) return refused('INVALID_REQUEST', { problem: `its ${left.name} has to be deleted first` })
  state.namespaces.delete(name)
  state.consumed.delete(name)
  state.metered.delete(name)
  forgetNamespace(step, name)
  changes.push({ type: 'namespace', name })
  emit(step, { type: 'namespace.removed', message: `the namespace ${name} was removed by ${by}` })
  return accepted()
}
