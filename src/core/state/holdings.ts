/** Who holds what: kept beside the workloads so that neither `apply` nor the scheduler has to search through all of them. */
import type { NodeId } from '../../model/ids.ts'
import type { Placement, Workload } from '../../model/workload.ts'
import { isTerminal } from '../../model/workload.ts'
import { rememberPart } from './groups.ts'
import { demandOf } from './demand.ts'
import { giveDevices, takeDevices } from './devices.ts'
import { consume, spend } from './namespaces.ts'
import { forgetRun, rememberRun } from './job-steps.ts'
import { forgetReplica, rememberReplica } from './replicas.ts'
import type { State } from './state.ts'
import type { MeshState, Usage } from './types.ts'

const nothing: Usage = { cpuMillis: 0, memoryMib: 0, placements: 0 }

export const usageOf = (state: Pick<MeshState, 'usage'>, node: NodeId): Usage => state.usage.get(node) ?? nothing

/** Workloads that have a live placement on the node, in no order that means anything or is the same on every peer. */
export const workloadsAt = (
  { residents, workloads }: Pick<MeshState, 'residents' | 'workloads'>,
  node: NodeId,
): readonly Workload[] =>
  Array.from(residents.get(node) ?? [], (id) => workloads.get(id)).filter((one) => one !== undefined)

/** Puts a changed workload in its place in every index. `before` is what it was, null when it is new. */
export function reindex(state: State, before: Workload | null, after: Workload | null): void {
  if (before !== null) forget(state, before)
  if (after !== null) remember(state, after)
  const isOver = before !== null && livePlacement(before) !== null && (after === null || livePlacement(after) === null)
  if (isOver) consume(state, before, state.at)
}

const livePlacement = ({ state, placement }: Workload): Placement | null => (isTerminal(state) ? null : placement)

function remember(state: State, workload: Workload): void {
  spend(state, workload, 1)
  rememberPart(state, workload)
  rememberReplica(state, workload)
  rememberRun(state, workload)
  if (!isTerminal(workload.state)) state.names.set(workload.name, workload.id)
  if (workload.state === 'pending') state.pending.add(workload.id)
  countImage(state, workload, 1)
  const placement = livePlacement(workload)
  if (placement === null) return
  giveDevices(state, placement, workload.spec.gpus.share)
  const residents = state.residents.get(placement.node) ?? new Set()
  state.residents.set(placement.node, residents.add(workload.id))
  count(state, placement.node, demandOf(workload.spec), 1)
}

function forget(state: State, workload: Workload): void {
  spend(state, workload, -1)
  forgetReplica(state, workload)
  forgetRun(state, workload)
  if (!isTerminal(workload.state)) state.names.delete(workload.name)
  state.pending.delete(workload.id)
  countImage(state, workload, -1)
  const placement = livePlacement(workload)
  if (placement === null) return
  takeDevices(state, placement)
  const residents = state.residents.get(placement.node)
  residents?.delete(workload.id)
  if (residents?.size === 0) state.residents.delete(placement.node)
  count(state, placement.node, demandOf(workload.spec), -1)
}

/** Where a container has started, its image is; and it stays there when the container ends. */
function countImage(state: State, { spec, placement, startedAt }: Workload, sign: 1 | -1): void {
  if (placement?.executor !== 'docker' || startedAt === null) return
  const nodes = state.images.get(spec.image) ?? new Map<NodeId, number>()
  const after = (nodes.get(placement.node) ?? 0) + sign
  if (after === 0) nodes.delete(placement.node)
  else nodes.set(placement.node, after)
  if (nodes.size === 0) state.images.delete(spec.image)
  else state.images.set(spec.image, nodes)
}

function count(state: State, node: NodeId, demand: Usage, sign: 1 | -1): void {
  const before = usageOf(state, node)
  const after: Usage = {
    cpuMillis: before.cpuMillis + sign * demand.cpuMillis,
    memoryMib: before.memoryMib + sign * demand.memoryMib,
    placements: before.placements + sign * demand.placements,
  }
  if (after.placements === 0) state.usage.delete(node)
  else state.usage.set(node, after)
}
