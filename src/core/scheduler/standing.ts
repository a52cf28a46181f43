/** What speaks against a node however empty it is: what it is, what it carries, and whether anybody can reach it. */
import type { GpuDevice } from '../../model/gpu.ts'
import { gpuModelMatches } from '../../model/gpu.ts'
import type { ExecutorKind, NodeInventory } from '../../model/node.ts'
import { volumeKey } from '../../model/volume.ts'
import type { WorkloadSpec } from '../../model/workload.ts'
import { deviceCount } from '../../model/workload.ts'
import { closedTo } from './admission.ts'
import type { NodeSnapshot, Obstacle } from './types.ts'

/** A node that could run the work if it were empty: with which executor, and on which of its devices. */
export interface Standing {
  readonly executor: ExecutorKind
  /** Devices that satisfy the request, whether they are free or not. */
  readonly suitable: readonly GpuDevice[]
}

const same = (text: string): Obstacle => ({ one: text, many: text })

export type MatchModel = (model: string, wanted: string) => boolean

/** Answers each question once: a mesh has few models and many devices. */
export function modelMatcher(): MatchModel {
  const known = new Map<string, boolean>()
  return (model, wanted) => {
    const question = `${wanted}\n${model}`
    const answer = known.get(question) ?? gpuModelMatches(model, wanted)
    known.set(question, answer)
    return answer
  }
}

/** The devices of an inventory that satisfy the request, if there are enough. */
export type Suitable = { readonly devices: readonly GpuDevice[] } | Obstacle

export const standingOf = (
  node: NodeSnapshot,
  spec: WorkloadSpec,
  matches: MatchModel = gpuModelMatches,
): Standing | Obstacle => standingWith(node, spec, (inventory) => suitableDevices(inventory, spec, matches))

/** The same by one who knows already which devices are suitable. */
export function standingWith(
  node: NodeSnapshot,
  spec: WorkloadSpec,
  suitableIn: (inventory: NodeInventory) => Suitable,
): Standing | Obstacle {
  const { inventory } = node
  const obstacle =
    unreachable(node) ??
    elsewhere(node, spec) ??
    closedTo(node, spec) ??
    dataElsewhere(node, spec) ??
    tooFull(node, spec)
  if (obstacle !== null) return obstacle
  if (inventory === null)
    return { one: 'has not reported its hardware yet', many: 'have not reported their hardware yet' }
  const executor = executorFor(inventory, spec)
  if (executor === null) {
    const words = spec.executor === undefined ? 'nothing to run work with' : `no ${spec.executor} executor`
    return { one: `has ${words}`, many: `have ${words}` }
  }
  const suitable = suitableIn(inventory)
  return 'one' in suitable ? suitable : { executor, suitable: suitable.devices }
}

function unreachable({ liveness, isOutdated }: NodeSnapshot): Obstacle | null {
  switch (liveness) {
    case 'alive':
      return isOutdated === true
        ? { one: 'is outdated and must be upgraded', many: 'are outdated and must be upgraded' }
        : null
    case 'suspect':
      return { one: 'does not answer', many: 'do not answer' }
    case 'lost':
    case 'left':
      return { one: 'is offline', many: 'are offline' }
  }
}

function elsewhere({ id, name, labels }: NodeSnapshot, spec: WorkloadSpec): Obstacle | null {
  if (spec.node !== undefined && spec.node !== id && spec.node !== name)
    return { one: `is not ${spec.node}`, many: `are not ${spec.node}` }
  const missing = Object.entries(spec.nodeSelector).find(([key, value]) => labels[key] !== value)
  if (missing === undefined) return null
  const label = missing.join('=')
  return { one: `lacks the label ${label}`, many: `lack the label ${label}` }
}

/** Data of a volume that is on one node is nowhere else. */
function dataElsewhere({ id, bound }: NodeSnapshot, { namespace, mounts }: WorkloadSpec): Obstacle | null {
  if (bound === undefined || bound.size === 0) return null
  const missing = mounts.find(({ source }) => (bound.get(volumeKey(namespace, source)) ?? id) !== id)
  if (missing === undefined) return null
  const words = `not the data of the volume ${missing.source}`
  return { one: `has ${words}`, many: `have ${words}` }
}

/** What the node last said is free; before it has said anything, what it has at all. */
function tooFull({ diskFreeMib, inventory }: NodeSnapshot, { diskMib = 0 }: WorkloadSpec): Obstacle | null {
  const free = Math.floor(diskFreeMib ?? inventory?.diskMib ?? 0)
  if (diskMib <= free) return null
  return {
    one: `needs ${diskMib} MiB of disk, has ${free} free`,
    many: `need ${diskMib} MiB of disk, have ${free} free`,
  }
}

/** The one that was asked for, or else the one that the node names first. */
function executorFor({ executors }: NodeInventory, { executor }: WorkloadSpec): ExecutorKind | null {
  if (executor === undefined) return executors[0] ?? null
  return executors.includes(executor) ? executor : null
}

export function suitableDevices({ gpus, sharing }: NodeInventory, spec: WorkloadSpec, matches: MatchModel): Suitable {
  const { gpus: wanted } = spec
  const { devices: indexes, model, share } = wanted
  const memoryMib = least(wanted)
  const count = deviceCount(spec)
  if (count === 0) return { devices: [] }
  if (gpus.length === 0) return { one: 'has no GPU', many: 'have no GPU' }
  if (share !== undefined && sharing !== true) return { one: 'shares no GPUs', many: 'share no GPUs' }

  const named = indexes === undefined ? gpus : gpus.filter(({ index }) => indexes.includes(index))
  if (indexes !== undefined && named.length < new Set(indexes).size) {
    const missing = indexes.find((index) => !gpus.some((gpu) => gpu.index === index))
    return { one: `has no GPU ${missing}`, many: `have no GPU ${missing}` }
  }
  const right = model === undefined ? named : named.filter((gpu) => matches(gpu.model, model))
  if (right.length === 0) return { one: `has no ${model}`, many: `have no ${model}` }
  const large = memoryMib === undefined ? right : right.filter((gpu) => gpu.memoryMib >= memoryMib)
  if (large.length === 0) return { one: `has no GPU with ${memoryMib} MiB`, many: `have no GPU with ${memoryMib} MiB` }
  const fit = large.filter((gpu) => isCut(gpu, wanted))
  if (fit.length === 0) {
    const what = wanted.mig === undefined ? 'whole GPU' : `MIG device ${wanted.mig}`
    return { one: `has no ${what}`, many: `have no ${what}` }
  }
  const modern = fit.filter((gpu) => isModern(gpu, wanted))
  if (modern.length === 0) return { one: `has no GPU with ${needs(wanted)}`, many: `have no GPU with ${needs(wanted)}` }
  if (modern.length >= count) return { devices: modern }
  const words = `${count} ${model ?? 'GPU'}${count === 1 ? '' : 's'}`
  return { one: `needs ${words}, has ${modern.length}`, many: `need ${words}, have ${modern.length}` }
}

/** How much memory each device has to have; undefined when any will do. */
const least = ({ memoryMib, share }: WorkloadSpec['gpus']): number | undefined =>
  memoryMib === undefined || share === undefined ? (memoryMib ?? share) : Math.max(memoryMib, share)

/** A part of a GPU is no GPU, unless it is asked for by its index; and it is not shared. */
function isCut({ mig }: GpuDevice, { mig: profile, devices, share }: WorkloadSpec['gpus']): boolean {
  if (profile !== undefined) return mig?.profile === profile
  return mig === null || (devices !== undefined && share === undefined)
}

const isModern = (gpu: GpuDevice, { minDriver, minComputeCapability }: WorkloadSpec['gpus']): boolean =>
  (minDriver === undefined || isAtLeast(gpu.driver, minDriver)) &&
  (minComputeCapability === undefined || isAtLeast(gpu.computeCapability, minComputeCapability))

const needs = ({ minDriver, minComputeCapability }: WorkloadSpec['gpus']): string =>
  [
    ...(minDriver === undefined ? [] : [`driver ${minDriver} or newer`]),
    ...(minComputeCapability === undefined ? [] : [`compute capability ${minComputeCapability} or higher`]),
  ].join(' and ')

/** Part by part, as numbers. What is not known is not enough. */
function isAtLeast(version: string | null, wanted: string): boolean {
  if (version === null) return false
  const [have, want] = [version, wanted].map((text) => text.split('.').map(Number))
  const lengths = Math.max(have?.length ?? 0, want?.length ?? 0)
  for (let i = 0; i < lengths; i += 1) {
    const difference = (have?.[i] ?? 0) - (want?.[i] ?? 0)
    if (Number.isNaN(difference)) return false
    if (difference !== 0) return difference > 0
  }
  return true
}

export const refusedRecently = (reason: string): Obstacle => same(`refused it just now (${reason})`)
