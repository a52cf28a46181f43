/** The overlay: who has which address, under which key, and how far a rotation of keys has come. */
import { capacityOf, freeSlot, settingsProblem } from '../overlay/addresses.ts'
import type { NodeId } from '../../model/ids.ts'
import type { Overlay, OverlayNode, OverlaySettings } from '../../model/overlay.ts'
import { change as changeWorkload } from './lifecycle.ts'
import { withoutAddress } from './moves.ts'
import type { OverlayCommand } from './overlay-commands.ts'
import type { State } from './state.ts'
import type { Step } from './step.ts'
import { accepted, emit, refused } from './step.ts'
import type { Command, CommandOf, MeshState, Outcome } from './types.ts'

export const isOnOverlay = (command: Command): command is OverlayCommand => command.type.endsWith('-overlay')

export function carryOutOnOverlay(step: Step, command: OverlayCommand): Outcome {
  if (command.type === 'enable-overlay') return enable(step, command)
  const { overlay } = step.state
  if (overlay === null) return command.type === 'disable-overlay' ? accepted() : refused('OVERLAY_OFF', {})
  switch (command.type) {
    case 'disable-overlay':
      return disable(step)
    case 'join-overlay':
      return join(step, overlay, command)
    case 'leave-overlay':
      return leave(step, overlay, command)
    case 'detour-overlay':
      return goAround(step, overlay, command)
    case 'rotate-overlay':
      return rotate(step, overlay, command)
    case 'report-overlay':
      return noteMoved(step, overlay, command)
  }
}

function enable(step: Step, { settings }: CommandOf<'enable-overlay'>): Outcome {
  const { state, by } = step
  const problem = settingsProblem(settings)
  if (problem !== null) return refused('INVALID_REQUEST', { problem })
  const { overlay: before } = state
  if (before !== null && before.nodes.size > 0 && !isSameRange(before.settings, settings))
    return refused('OVERLAY_IN_USE', { nodes: before.nodes.size })
  change(step, { generation: 1, rotation: null, nodes: new Map(), ...before, settings })
  if (before === null)
    emit(step, { type: 'overlay.enabled', message: `${by} turned the overlay on: ${settings.nodes}` })
  return accepted()
}

const isSameRange = (a: OverlaySettings, b: OverlaySettings): boolean =>
  a.nodes === b.nodes && a.containers === b.containers && a.containerBits === b.containerBits

function disable(step: Step): Outcome {
  change(step, null)
  for (const workload of step.state.workloads.values())
    if (workload.overlayAddress !== undefined) changeWorkload(step, withoutAddress(workload), {})
  emit(step, { type: 'overlay.disabled', message: `${step.by} turned the overlay off` })
  return accepted()
}

function join(step: Step, overlay: Overlay, command: CommandOf<'join-overlay'>): Outcome {
  const { node, lane, endpoints, isBehindNat, isManaged } = command
  const { state } = step
  const member = state.members.get(node)
  if (member === undefined) return refused('NODE_NOT_FOUND', { node })
  if (lane.generation !== overlay.generation && lane.generation !== overlay.rotation?.generation)
    return refused('INVALID_REQUEST', { problem: `the keys of generation ${lane.generation} are not wanted` })
  const isTaken = [...overlay.nodes.values()].some(
    (one) => one.node !== node && one.lanes.some(({ publicKey }) => publicKey === lane.publicKey),
  )
  if (isTaken) return refused('INVALID_REQUEST', { problem: 'another node has that key' })
  const before = overlay.nodes.get(node)
  const slot = before?.slot ?? freeSlot(overlay.settings, slotsOf(overlay))
  if (slot === null) {
    const { containers } = overlay.settings
    return refused('OVERLAY_FULL', { nodes: capacityOf(overlay.settings), range: containers })
  }
  const others = (before?.lanes ?? []).filter(({ generation }) => generation !== lane.generation)
  const lanes = [...others, lane].toSorted((a, b) => a.generation - b.generation)
  put(step, overlay, {
    ...{ node, slot, lanes, endpoints, isBehindNat, isManaged },
    moved: before?.moved ?? overlay.generation,
    // Where its owner sets it up, nobody knows any more whom it does not reach.
    ...(isManaged && before?.detours && { detours: before.detours }),
  })
  if (before === undefined)
    emit(step, { type: 'overlay.joined', node, message: `${member.name} takes part in the overlay` })
  return accepted({ node })
}

function leave(step: Step, overlay: Overlay, { node }: CommandOf<'leave-overlay'>): Outcome {
  const before = overlay.nodes.get(node)
  if (before === undefined || before.lanes.length === 0) return accepted({ node })
  put(step, overlay, { ...around(before, []), lanes: [], endpoints: [] })
  return accepted({ node })
}

function goAround(step: Step, overlay: Overlay, { node, detours }: CommandOf<'detour-overlay'>): Outcome {
  const before = overlay.nodes.get(node)
  if (before === undefined) return refused('NODE_NOT_FOUND', { node })
  const known = new Set(detours.filter((other) => other !== node && overlay.nodes.has(other)))
  put(step, overlay, around(before, [...known].toSorted()))
  return accepted({ node })
}

/** Nothing is kept of nobody. */
function around(one: OverlayNode, detours: readonly NodeId[]): OverlayNode {
  const { detours: before, ...rest } = one
  if (detours.length > 0) return { ...rest, detours }
  return before === undefined ? one : rest
}

function rotate(step: Step, overlay: Overlay, { nodes, finish }: CommandOf<'rotate-overlay'>): Outcome {
  const { state, at, by } = step
  if (finish) {
    if (overlay.rotation === null) return refused('INVALID_REQUEST', { problem: 'no rotation is under way' })
    settle(step, overlay)
    return accepted()
  }
  const waiting = waitingFor(state)
  if (overlay.rotation !== null)
    return refused('OVERLAY_ROTATING', { waiting: waiting.map((node) => nameIn(state, node)).join(', ') || 'nobody' })
  const stranger = nodes?.find((node) => !overlay.nodes.has(node))
  if (stranger !== undefined) return refused('NODE_NOT_FOUND', { node: nameIn(state, stranger) })
  change(step, { ...overlay, rotation: { generation: overlay.generation + 1, fresh: nodes, since: at } })
  emit(step, { type: 'overlay.rotating', message: `${by} has the keys of the overlay rotated` })
  settleIfMoved(step)
  return accepted()
}

const nameIn = ({ members }: Pick<MeshState, 'members'>, node: NodeId): string => members.get(node)?.name ?? node

function noteMoved(step: Step, overlay: Overlay, { node, moved }: CommandOf<'report-overlay'>): Outcome {
  const before = overlay.nodes.get(node)
  if (before === undefined) return refused('NODE_NOT_FOUND', { node })
  if (moved !== overlay.rotation?.generation)
    return refused('INVALID_REQUEST', { problem: `no rotation goes to generation ${moved}` })
  put(step, overlay, { ...before, moved })
  return accepted({ node })
}

/** Its slot is free from here on. */
export function leaveOverlay(step: Step, node: NodeId): void {
  const { overlay } = step.state
  if (overlay?.nodes.has(node) !== true) return
  const rest = [...overlay.nodes.values()].filter((one) => one.node !== node)
  const nodes = rest.map((one) => around(one, one.detours?.filter((other) => other !== node) ?? []))
  change(step, { ...overlay, nodes: new Map(nodes.map((one) => [one.node, one])) })
  settleIfMoved(step)
}

/** Whom a rotation waits for: those that are up, set up their lanes by themselves, and have not moved yet. */
export function waitingFor({ overlay, liveness }: Pick<MeshState, 'overlay' | 'liveness'>): readonly NodeId[] {
  const { rotation } = overlay ?? {}
  if (!overlay || !rotation) return []
  return [...overlay.nodes.values()]
    .filter(({ node, lanes, isManaged, moved }) => {
      const seen = liveness.get(node)
      return isManaged && lanes.length > 0 && moved < rotation.generation && seen !== 'lost' && seen !== 'left'
    })
    .map(({ node }) => node)
}

/** Also asked when a node is lost: nobody waits for it then. */
export function settleIfMoved(step: Step): void {
  const { overlay } = step.state
  if (overlay?.rotation && waitingFor(step.state).length === 0) settle(step, overlay)
}

/** What is of the generation before is forgotten. Who has no lane of the new one yet makes one when it is up again. */
function settle(step: Step, overlay: Overlay): void {
  const generation = overlay.rotation?.generation ?? overlay.generation
  const nodes = new Map(
    Array.from(overlay.nodes, ([node, one]) => [
      node,
      { ...one, lanes: one.lanes.filter((lane) => lane.generation >= generation), moved: generation },
    ]),
  )
  change(step, { ...overlay, generation, rotation: null, nodes })
  emit(step, { type: 'overlay.rotated', message: 'the keys of the overlay have been rotated' })
}

function put(step: Step, overlay: Overlay, node: OverlayNode): void {
  change(step, { ...overlay, nodes: new Map(overlay.nodes).set(node.node, node) })
  settleIfMoved(step)
}

function change({ state, changes }: Pick<Step, 'state' | 'changes'>, overlay: State['overlay']): void {
  state.overlay = overlay
  changes.push({ type: 'overlay' })
}

const slotsOf = ({ nodes }: Overlay): ReadonlySet<number> => new Set(Array.from(nodes.values(), ({ slot }) => slot))
