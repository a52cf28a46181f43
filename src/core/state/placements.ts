/** Where work runs: the leader places, the node claims or rejects, and what nobody claimed can be taken back. */
import type { NodeId, PlacementId } from '../../model/ids.ts'
import { placementId } from '../../model/ids.ts'
import type { Placement, Workload } from '../../model/workload.ts'
import { deviceCount, isTerminal } from '../../model/workload.ts'
import { readinessOf } from '../queue/dependencies.ts'
import { closedTo } from '../scheduler/admission.ts'
import { keptOf } from './crowd.ts'
import { deviceObstacle } from './devices.ts'
import { isGang, partsOf } from './groups.ts'
import { workloadsAt } from './holdings.ts'
import { change, unplace } from './lifecycle.ts'
import { quotaObstacle } from './namespaces.ts'
import type { State } from './state.ts'
import { limits } from './state.ts'
import type { Step } from './step.ts'
import { accepted, emit, refused } from './step.ts'
import type { CommandOf, Outcome, Place } from './types.ts'
import { bindVolumes, volumeObstacle } from './volumes.ts'

export type CurrentPlacement = Workload & { readonly placement: Placement }

export function place(step: Step, command: CommandOf<'place'>): Outcome {
  const { state } = step
  const workload = state.workloads.get(command.workload)
  if (workload === undefined) return refused('WORKLOAD_NOT_FOUND', { workload: command.workload })
  const id = placementId(workload.id, command.attempt)
  if (workload.state !== 'pending' || command.attempt !== workload.attempt + 1)
    return refused('PLACEMENT_SUPERSEDED', { placement: id })
  if (isGang(workload)) return refused('INVALID_REQUEST', { problem: 'the parts of a gang are placed together' })
  const obstacle = quotaObstacle(state, workload.spec, 1) ?? placementObstacle(state, command, workload)
  if (obstacle !== null) return obstacle
  settleAt(step, workload, { ...command, port: null, because: command.because ?? null })
  return accepted({ workload: workload.id, placement: id, node: command.node })
}

/** All or none: when one part cannot be placed, none is. */
export function placeGang(step: Step, { group, attempt, places, because = '' }: CommandOf<'place-gang'>): Outcome {
  const { state } = step
  const parts = partsOf(state, group)
  const [first] = parts
  if (first === undefined) return refused('WORKLOAD_NOT_FOUND', { workload: group })
  const isCurrent = parts.every((part) => part.state === 'pending' && part.attempt < attempt)
  if (!isGang(first) || !isCurrent || attempt !== 1 + Math.max(...parts.map((part) => part.attempt)))
    return refused('PLACEMENT_SUPERSEDED', { placement: placementId(first.id, attempt) })
  const count = first.spec.parts?.count ?? 0
  if (parts.length !== count || places.length !== count)
    return refused('INVALID_REQUEST', { problem: `the gang has ${count} parts, ${places.length} places were given` })
  const excess = quotaObstacle(state, first.spec, count)
  if (excess !== null) return excess
  for (const place of places) {
    const obstacle = placementObstacle(state, place, first)
    if (obstacle !== null) return obstacle
  }
  // Nor do parts share one with each other: what lets GPUs talk to each other refuses one that is two of them.
  const given = places.flatMap(({ devices }) => devices)
  const twice = given.find((device, i) => given.indexOf(device) !== i)
  if (twice !== undefined) return refused('DEVICE_BUSY', { device: twice })

  const port = meetingPort(state, places[0]?.node, attempt)
  for (const [i, place] of places.entries()) {
    const part = parts[i]
    if (part !== undefined) settleAt(step, part, { ...place, attempt, port: i === 0 ? port : null, because })
  }
  return accepted({ workload: first.id, placement: placementId(first.id, attempt) })
}

/** Above 29500, where torchrun meets by itself; below the ports that systems hand out by themselves. */
const ports = { first: 29_500, count: 500 }

/** One that no other gang meets at on that node; another one at every attempt, in case something else has it. */
function meetingPort(state: State, node: NodeId | undefined, attempt: number): number {
  const taken = new Set(node === undefined ? [] : workloadsAt(state, node).map(({ placement }) => placement?.port))
  for (let i = 0; i < ports.count; i += 1) {
    const port = ports.first + ((i + attempt - 1) % ports.count)
    if (!taken.has(port)) return port
  }
  return ports.first
}

type Settling = Pick<Placement, 'node' | 'devices' | 'executor' | 'attempt' | 'port'> & {
  readonly because: string | null
}

function settleAt(step: Step, workload: Workload, settling: Settling): void {
  const { state, at, term } = step
  const { node, devices, executor, attempt, port, because } = settling
  const id = placementId(workload.id, attempt)
  const parts = { id, workload: workload.id, attempt, node, devices, executor, port }
  const placement: Placement = { ...parts, term, state: 'placed', at }
  change(step, workload, { state: 'starting', attempt, placement, progress: 'waiting for the node' })
  bindVolumes(state, workload.spec, node)
  const name = state.members.get(node)?.name ?? node
  const why = because === null || because === '' ? '' : `: ${because}`
  const message = `${workload.name} goes to ${name}${why}`
  emit(step, { type: 'workload.placed', node, workload: workload.id, message })
}

/** What the leader must not have overlooked. Fitting CPU and memory is the scheduler's business, not a matter of safety. */
function placementObstacle(state: State, place: Place, { spec }: Workload): Outcome | null {
  const readiness = readinessOf({ spec }, state)
  if (readiness.state !== 'ready') return refused('INVALID_REQUEST', { problem: `it ${readiness.reason}` })
  const { node, devices, executor } = place
  const member = state.members.get(node)
  if (member === undefined) return refused('NODE_NOT_FOUND', { node })
  // Somebody may have closed it since the leader looked, and was told that nothing new comes.
  const closed = closedTo(member, spec)
  if (closed !== null) return refused('INVALID_REQUEST', { problem: `the node ${closed.one}` })
  const { inventory } = member
  if (inventory === null || !inventory.executors.includes(executor))
    return refused('EXECUTOR_UNAVAILABLE', { executor, detail: 'the node does not offer it' })
  const wanted = deviceCount(spec)
  if (devices.length !== wanted || new Set(devices).size !== wanted)
    return refused('INVALID_REQUEST', {
      problem: `${wanted} different devices are wanted, ${devices.length} were given`,
    })
  return volumeObstacle(state, spec, node) ?? deviceObstacle(state, inventory, { devices, share: spec.gpus.share })
}

/** The workload whose live placement this is, when it is that node's. Null when it is over, superseded or someone else's. */
export function currentPlacement(state: State, placement: PlacementId, node: NodeId | null): CurrentPlacement | null {
  const workload = state.workloads.get(workloadPart(placement))
  if (workload === undefined || workload.placement?.id !== placement || isTerminal(workload.state)) return null
  if (node !== null && workload.placement.node !== node) return null
  return { ...workload, placement: workload.placement }
}

const workloadPart = (placement: PlacementId): Workload['id'] =>
  placement.slice(0, placement.lastIndexOf('.')) as Workload['id']

/** A node may claim its placement again, for instance after it restarted. */
export function claim(step: Step, { placement, node }: CommandOf<'claim'>): Outcome {
  const workload = currentPlacement(step.state, placement, node)
  if (workload === null) return refused('PLACEMENT_SUPERSEDED', { placement })
  if (workload.placement.state === 'placed')
    change(step, workload, { placement: { ...workload.placement, state: 'claimed' }, progress: 'claimed' })
  return accepted({ workload: workload.id, placement, node })
}

export function reject(step: Step, { placement, node, reason }: CommandOf<'reject'>): Outcome {
  const workload = currentPlacement(step.state, placement, node)
  if (workload === null || workload.placement.state !== 'placed') return refused('PLACEMENT_SUPERSEDED', { placement })
  takeBack(step, workload, reason)
  emit(step, { type: 'workload.rejected', node, workload: workload.id, message: `${workload.name}: ${reason}` })
  return accepted({ workload: workload.id })
}

export function withdraw(step: Step, { placement, reason }: CommandOf<'withdraw'>): Outcome {
  const workload = currentPlacement(step.state, placement, null)
  if (workload === null || workload.placement.state !== 'placed') return refused('PLACEMENT_SUPERSEDED', { placement })
  takeBack(step, workload, reason)
  const { node } = workload.placement
  emit(step, { type: 'workload.withdrawn', node, workload: workload.id, message: `${workload.name}: ${reason}` })
  return accepted({ workload: workload.id })
}

/** Keeps the last few refusals, so that the scheduler looks elsewhere for a while. */
function takeBack(step: Step, workload: CurrentPlacement, reason: string): void {
  const { node, attempt } = workload.placement
  const rejections = [...workload.rejections, { node, attempt, reason, at: step.at }].slice(
    -keptOf(step.state, limits.rejections),
  )
  unplace(step, change(step, workload, { rejections }))
}
