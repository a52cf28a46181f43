/**
 * Who has had how much: the fair share of namespaces. What a namespace has taken counts for less the longer ago it was, half after every
 * half-life; what it takes now counts as if it went on for a while, so that one plan does not give everything to one of them.
 */
import type { NodeId } from '../../model/ids.ts'
import type { Namespace } from '../../model/namespace.ts'
import { defaultNamespace } from '../../model/namespace.ts'
import { day, hour, type Instant, type Millis } from '../../model/time.ts'
import type { Workload } from '../../model/workload.ts'
import { workloadsAt } from '../state/holdings.ts'
import { consumptionPeriod, namespaceOf, sizeOf, spendingOf } from '../state/namespaces.ts'
import type { MeshState, Spending } from '../state/types.ts'

export interface Account extends Pick<Namespace, 'quota' | 'weight' | 'borrow'> {
  readonly spending: Spending
  /** GPU-seconds with their age discounted, divided by the weight: whoever has less goes first. */
  readonly share: number
}

export type Accounts = ReadonlyMap<string, Account>

/** As Slurm has it when nothing is said. */
export const halfLife: Millis = 7 * day

/** For how long what runs or is placed counts in advance, seconds. */
const outlook = hour / 1_000

type Source = Pick<MeshState, 'namespaces' | 'spending' | 'consumed' | 'residents' | 'workloads'>

/** Of each namespace that is known, or has live work. */
export function accountsOf(state: Source, nodes: Iterable<NodeId>, at: Instant): Accounts {
  const running = new Map<string, number>()
  for (const node of nodes)
    for (const workload of workloadsAt(state, node)) {
      const { namespace } = workload.spec
      running.set(namespace, (running.get(namespace) ?? 0) + runningCost(workload, at))
    }
  const names = new Set([defaultNamespace, ...state.namespaces.keys(), ...state.spending.keys()])
  return new Map(
    Array.from(names, (name) => {
      const { quota, weight, borrow } = namespaceOf(state, name) ?? { quota: null, weight: 1, borrow: false }
      const share = (consumption(state, name, at) + (running.get(name) ?? 0)) / weight
      return [name, { quota: quota ?? noRoom, weight, borrow, spending: spendingOf(state, name), share }]
    }),
  )
}

/** Of a namespace that is gone although it has work, which must not happen: it gets nothing more. */
const noRoom: Account['quota'] = { gpus: 0, cpuMillis: 0, memoryMib: 0, workloads: 0 }

/** What placing so many of these adds to the share. */
export const placedCost = ({ spec }: Pick<Workload, 'spec'>, count: number, weight: number): number =>
  (count * (sizeOf(spec) / 1_000) * outlook) / weight

function runningCost({ spec, startedAt }: Workload, at: Instant): number {
  const ran = startedAt === null ? 0 : Math.max(0, at - startedAt) / 1_000
  return (sizeOf(spec) / 1_000) * (ran + outlook)
}

/** GPU-seconds of what has ended, discounted by age. */
export function consumption({ consumed }: Pick<Source, 'consumed'>, name: string, at: Instant): number {
  const now = at / consumptionPeriod
  return (consumed.get(name) ?? []).reduce((sum, [period, amount]) => {
    const age = Math.max(0, now - (period + 1)) * consumptionPeriod
    return sum + amount * 2 ** (-age / halfLife)
  }, 0)
}
