/** How a container is given exactly the GPUs that its task holds, by what the engine can do. */
import type { DeviceRequest } from 'dockerode'
import type { GpuDevice } from '../../model/gpu.ts'

/** What `docker info` says about GPUs. */
export interface GpuSupport {
  /** Names of the CDI devices that the engine found, such as `nvidia.com/gpu=GPU-…`. Engines before 28.3 do not tell. */
  readonly cdiDevices: readonly string[]
  /** CDI is switched on, whether or not the engine tells what it found. */
  readonly cdi: boolean
  /** NVIDIA's runtime runs every container, and reads NVIDIA_VISIBLE_DEVICES in all of them. */
  readonly nvidiaByDefault: boolean
}

export interface GpuGrant {
  readonly requests: readonly DeviceRequest[]
  readonly env: Readonly<Record<string, string>>
  /** How many device files `/dev/nvidia<N>` the container must then have. Null when that proves nothing. */
  readonly deviceFiles: number | null
}

export type GpuWay = 'hook' | 'cdi'

/** The ways to try for real devices, best first. Names found by the engine prove CDI; otherwise NVIDIA's hook is the common way. */
export function gpuWays(devices: readonly GpuDevice[], support: GpuSupport): readonly GpuWay[] {
  const found = new Set(support.cdiDevices)
  if (devices.every((device) => found.has(cdiName(device)))) return ['cdi']
  const isNvidia = devices.every(({ vendor }) => vendor === 'nvidia')
  return [...(isNvidia ? (['hook'] as const) : []), ...(support.cdi ? (['cdi'] as const) : [])]
}

export function gpuGrant(devices: readonly GpuDevice[], way: GpuWay, support: GpuSupport): GpuGrant {
  const uuids = devices.map(({ uuid }) => uuid)
  // `void` keeps an image that asks for all GPUs from getting them where NVIDIA's runtime is the default.
  if (devices.length === 0) return { requests: [], env: { NVIDIA_VISIBLE_DEVICES: 'void' }, deviceFiles: null }
  if (devices.some(({ simulated }) => simulated)) return simulatedGrant(uuids, support)

  const parents = new Set(devices.map(({ uuid, mig }) => mig?.parent ?? uuid))
  const deviceFiles = devices.every(({ vendor }) => vendor === 'nvidia') ? parents.size : null
  return way === 'cdi'
    ? {
        requests: [{ Driver: 'cdi', DeviceIDs: devices.map(cdiName) }],
        env: { NVIDIA_VISIBLE_DEVICES: 'void' },
        deviceFiles,
      }
    : {
        requests: [{ DeviceIDs: uuids, Capabilities: [['gpu']] }],
        env: { NVIDIA_VISIBLE_DEVICES: uuids.join(',') },
        deviceFiles,
      }
}

/** A simulated device is only a name, which the container gets to see. */
function simulatedGrant(uuids: readonly string[], { nvidiaByDefault }: GpuSupport): GpuGrant {
  const names = uuids.join(',')
  return {
    requests: [],
    env: { CLAW_SIMULATED_GPUS: names, NVIDIA_VISIBLE_DEVICES: nvidiaByDefault ? 'void' : names },
    deviceFiles: null,
  }
}

const cdiName = ({ vendor, uuid }: GpuDevice): string => `${vendor}.com/gpu=${uuid}`
