/** What a command finds in its environment: little of the host, what was asked for, who it is, and which devices are its own. */
import type { GpuDevice } from '../../model/gpu.ts'
import type { PlacementId } from '../../model/ids.ts'
import type { Task } from '../../ports/executor.ts'

export const defaultPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/** Every process of the task inherits it, so that it can be found. */
export const markOf = (placement: PlacementId): string => `CLAW_PLACEMENT=${placement}`

/** `memory` is where the files of secrets and config maps are, if there are any. */
export function environmentOf(
  task: Task,
  { home, memory }: { readonly home: string; readonly memory: string | null },
): Readonly<Record<string, string>> {
  return {
    PATH: defaultPath,
    HOME: home,
    LANG: 'C.UTF-8',
    ...task.env,
    ...task.spec.env,
    CLAW_MESH: task.mesh,
    CLAW_NODE: task.node,
    CLAW_WORKLOAD: task.workload,
    CLAW_NAME: task.name,
    CLAW_ATTEMPT: String(task.attempt),
    CLAW_PLACEMENT: task.placement,
    ...(memory === null ? {} : { CLAW_FILES: memory }),
    ...devicesEnvironment(task.devices),
  }
}

/**
 * Vendors' libraries hide the devices that these variables do not name. It binds only programs that use them: nothing keeps a process
 * on the host from opening another device.
 */
function devicesEnvironment(devices: readonly GpuDevice[]): Readonly<Record<string, string>> {
  const uuids = (match: (device: GpuDevice) => boolean): string =>
    devices
      .filter(match)
      .map(({ uuid }) => uuid)
      .join(',')
  const nvidia = uuids(({ vendor, simulated }) => vendor === 'nvidia' || simulated)
  const simulated = uuids((device) => device.simulated)
  return {
    NVIDIA_VISIBLE_DEVICES: nvidia === '' ? 'void' : nvidia,
    CUDA_VISIBLE_DEVICES: nvidia,
    ROCR_VISIBLE_DEVICES: uuids((device) => device.vendor === 'amd' && !device.simulated),
    ...(simulated === '' ? {} : { CLAW_SIMULATED_GPUS: simulated }),
  }
}
