/** Work that has a place, as whoever waits for that place sees it: what would be free without it, and what its end would cost. */
import type { NodeId, WorkloadId } from '../../model/ids.ts'
import type { Instant } from '../../model/time.ts'
import type { Workload } from '../../model/workload.ts'
import { isTerminal } from '../../model/workload.ts'
import { demandOf } from '../state/demand.ts'
import { isGang, partsOf } from '../state/groups.ts'
import { workloadsAt } from '../state/holdings.ts'
import type { MeshState } from '../state/types.ts'

export interface Resident {
  readonly workload: WorkloadId
  readonly node: NodeId
  /** Current placement, which an eviction has to name. */
  readonly placement: NonNullable<Workload['placement']>['id']
  readonly priority: number
  readonly labels: Readonly<Record<string, string>>
  /** Uuids. */
  readonly devices: readonly string[]
  /** How much memory of each it has a share of, MiB; null when it has them whole. */
  readonly share: number | null
  /** How many devices its whole gang would leave; its own when it is no part of one. */
  readonly atStake: number
  readonly cpuMillis: number
  readonly memoryMib: number
  /** Null while it has not started. */
  readonly startedAt: Instant | null
  /** When all of it, with its whole gang, was last told to save; null when some of it never was. */
  readonly savedAt: Instant | null
  /** When its time limit ends it at the latest; null without one. */
  readonly endsBy: Instant | null
  /** It is started again whenever it ends, for ever: nobody can wait for its end. */
  readonly isEndless: boolean
  /** It is being stopped, for whatever reason: its place is free soon. */
  readonly isLeaving: boolean
}

/** Those of one node. */
export function residentsOf(
  state: Pick<MeshState, 'residents' | 'workloads' | 'groups'>,
  node: NodeId,
): readonly Resident[] {
  return workloadsAt(state, node).flatMap((workload) =>
    workload.placement === null ? [] : [{ ...residentOf(workload, workload.placement), ...stakesOf(state, workload) }],
  )
}

/** What the end of one workload ends: itself, and the gang that it belongs to. */
function stakesOf(
  state: Pick<MeshState, 'workloads' | 'groups'>,
  workload: Workload,
): Pick<Resident, 'atStake' | 'savedAt'> {
  const isPart = workload.part !== null && isGang(workload)
  const leaving = isPart ? partsOf(state, workload.part.group).filter((part) => !isTerminal(part.state)) : [workload]
  const saved = leaving.flatMap(({ lastCheckpoint }) => lastCheckpoint ?? [])
  return {
    atStake: leaving.reduce((sum, { placement }) => sum + (placement?.devices.length ?? 0), 0),
    savedAt: saved.length < leaving.length ? null : Math.min(...saved),
  }
}

function residentOf(
  { id, spec, state, startedAt }: Workload,
  placement: NonNullable<Workload['placement']>,
): Omit<Resident, 'atStake' | 'savedAt'> {
  const { cpuMillis, memoryMib } = demandOf(spec)
  const { timeoutMs, stopGraceMs } = spec
  const begun = startedAt ?? placement.at
  return {
    workload: id,
    node: placement.node,
    placement: placement.id,
    priority: spec.priority,
    labels: spec.labels ?? {},
    devices: placement.devices,
    share: spec.gpus.share ?? null,
    ...{ cpuMillis, memoryMib, startedAt },
    endsBy: timeoutMs === undefined ? null : begun + timeoutMs + stopGraceMs,
    isEndless: spec.restart?.policy === 'always' && timeoutMs === undefined,
    isLeaving: state === 'stopping',
  }
}
