/** MIG instances as devices. `nvidia-smi -L` names them; the XML report knows their memory. */
import type { GpuDevice } from '../../model/gpu.ts'
import type { NvidiaGpu } from './report.ts'

interface ListedInstance {
  readonly parent: string
  readonly index: number
  readonly profile: string
  readonly uuid: string
}

/** Whole GPUs, and for a GPU in MIG mode its instances instead. */
export function placeable(gpus: readonly NvidiaGpu[], list: string): readonly GpuDevice[] {
  const listed = parseList(list)
  return gpus.flatMap((gpu) =>
    gpu.migEnabled
      ? listed.filter(({ parent }) => parent === gpu.device.uuid).map((instance) => instanceOf(gpu, instance))
      : [gpu.device],
  )
}

/**
 * The index of instance 2 on GPU 1 is 202: (GPU + 1) × 100 + instance. nvidia-smi has none of its own that is unique on the host, and
 * whole GPUs stay below 100.
 */
function instanceOf({ device, instances }: NvidiaGpu, listed: ListedInstance): GpuDevice {
  const known = instances.find(({ index }) => index === listed.index)
  return {
    ...device,
    index: (device.index + 1) * 100 + listed.index,
    uuid: listed.uuid,
    memoryMib: known?.memoryMib ?? memoryInProfile(listed.profile),
    mig: { profile: listed.profile, parent: device.uuid },
  }
}

/** Lines such as `  MIG 1g.10gb     Device  0: (UUID: MIG-c6d4…)`, each below the line of its GPU. */
function parseList(text: string): readonly ListedInstance[] {
  const found: ListedInstance[] = []
  let parent: string | undefined
  for (const line of text.split('\n')) {
    parent = /^GPU\s+\d+:.*\(UUID:\s*(GPU-[\w-]+)\)/.exec(line)?.[1] ?? parent
    const [, profile, index, uuid] = /^\s+MIG\s+(\S+)\s+Device\s+(\d+):\s*\(UUID:\s*(MIG-[\w/-]+)\)/.exec(line) ?? []
    if (parent === undefined || profile === undefined || uuid === undefined) continue
    found.push({ parent, profile, index: Number(index), uuid })
  }
  return found
}

/** `2g.20gb` has about 20 GiB; so has `2g.20gb+me`. */
const memoryInProfile = (profile: string): number => Number(/\.(\d+)gb/.exec(profile)?.[1] ?? 0) * 1_024
