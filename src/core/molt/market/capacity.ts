/** What a node could lend now, by kind of GPU. Pure arithmetic on what the node says of its devices. */
import type { GpuVendor } from '../../../model/gpu.ts'
import type { Instant } from '../../../model/time.ts'
import type { Share } from './lending.ts'

/**
 * `yielding`: the owner's work holds it, and gives way to what pays. `promised`: by a bid that is open or a lease that runs. `out`: not to be
 * used, such as a device that is ill, or not clean after its last guest.
 */
export type DeviceUse = 'free' | 'owner' | 'yielding' | 'promised' | 'out'

export interface LendableDevice {
  readonly uuid: string
  readonly vendor: GpuVendor
  readonly model: string
  readonly memoryMib: number
  readonly use: DeviceUse
}

export interface NodeCapacity {
  readonly devices: readonly LendableDevice[]
  /** The owner's work that waits, or runs on this node, with or without GPUs. */
  readonly ownWork: number
}

/** GPUs of one kind, which are all alike to whoever lends them. */
export interface FreeGroup extends Pick<LendableDevice, 'vendor' | 'model' | 'memoryMib'> {
  /** Those that may be promised now. */
  readonly free: readonly string[]
  /** Those in use, and all. */
  readonly used: number
  readonly all: number
  /** When work can begin on them. */
  readonly availableAt: Instant
}

/** In the order of their names, so that equal nodes offer alike. `yielding` takes so long: the owner's work is given its grace. */
export function lendable(
  { devices, ownWork }: NodeCapacity,
  share: Share,
  { now, grace }: { readonly now: Instant; readonly grace: number },
): readonly FreeGroup[] {
  const mayLend = share !== 'idle' || (ownWork === 0 && devices.every(({ use }) => !isOwners(use)))
  return [...Map.groupBy(devices, kindOf)]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([, group]) => {
      const [first] = group
      if (first === undefined) return []
      const idle = group.filter(({ use }) => use === 'free')
      const yielding = share === 'preempt' ? group.filter(({ use }) => use === 'yielding') : []
      const free = mayLend ? [...idle, ...yielding].map(({ uuid }) => uuid) : []
      const { vendor, model, memoryMib } = first
      const usable = group.filter(({ use }) => use !== 'out')
      return {
        ...{ vendor, model, memoryMib, free, all: usable.length, used: usable.length - idle.length },
        availableAt: yielding.length > 0 && idle.length === 0 ? now + grace : now,
      }
    })
}

const isOwners = (use: DeviceUse): boolean => use === 'owner' || use === 'yielding'

const kindOf = ({ vendor, model, memoryMib }: LendableDevice): string => `${vendor}/${model}/${memoryMib}`
