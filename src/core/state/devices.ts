/** Who has which device: one placement the whole of it, or several a share of its memory each, and never both. */
import type { NodeInventory } from '../../model/node.ts'
import type { Placement, WorkloadSpec } from '../../model/workload.ts'
import type { State } from './state.ts'
import { refused } from './step.ts'
import type { MeshState, Mib, Outcome } from './types.ts'

type Source = Pick<MeshState, 'holders' | 'shares'>

/** How much of a device's memory is given out in shares. */
export function sharedMib({ shares }: Pick<Source, 'shares'>, device: string): Mib {
  let sum = 0
  for (const memoryMib of shares.get(device)?.values() ?? []) sum += memoryMib
  return sum
}

export function giveDevices(state: State, { id, devices }: Placement, share: Mib | undefined): void {
  for (const device of devices)
    if (share === undefined) state.holders.set(device, id)
    else state.shares.set(device, (state.shares.get(device) ?? new Map<Placement['id'], Mib>()).set(id, share))
}

export function takeDevices(state: State, { id, devices }: Placement): void {
  for (const device of devices) {
    if (state.holders.get(device) === id) state.holders.delete(device)
    const shares = state.shares.get(device)
    shares?.delete(id)
    if (shares?.size === 0) state.shares.delete(device)
  }
}

/** Why these devices of a node cannot be given, whole or a share of each; null when they can. */
export function deviceObstacle(
  state: Source,
  { gpus, sharing }: NodeInventory,
  { devices, share }: { readonly devices: readonly string[]; readonly share: WorkloadSpec['gpus']['share'] },
): Outcome | null {
  const present = new Map(gpus.map((gpu) => [gpu.uuid, gpu]))
  if (share !== undefined && sharing !== true) return refused('INVALID_REQUEST', { problem: 'the node shares no GPUs' })
  for (const device of devices) {
    const gpu = present.get(device)
    if (gpu === undefined) return refused('INVALID_REQUEST', { problem: `the node has no device ${device}` })
    const given = sharedMib(state, device)
    const isFull = share === undefined ? given > 0 : given + share > gpu.memoryMib
    if (isFull || state.holders.has(device)) return refused('DEVICE_BUSY', { device })
    if (share !== undefined && gpu.mig !== null)
      return refused('INVALID_REQUEST', { problem: `${device} is a MIG instance, which is not shared` })
  }
  return null
}
