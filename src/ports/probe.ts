/** What the host can say about itself. */
import type { GpuDevice, GpuLink, GpuSample } from '../model/gpu.ts'
import type { NodeInventory } from '../model/node.ts'
import type { Millis } from '../model/time.ts'

export interface Samples {
  readonly samples: readonly GpuSample[]
  readonly problem: string | null
}

/** One vendor's tool. Never throws for what hardware does: a missing or hung tool is an empty list and a `problem`. */
export interface GpuProbe {
  readonly vendor: string
  inventory(signal: AbortSignal): Promise<{
    readonly gpus: readonly GpuDevice[]
    readonly links: readonly GpuLink[]
    readonly problem: string | null
  }>
  sample(signal: AbortSignal): Promise<Samples>
  /**
   * The same of these devices alone, with the processes that use them at this moment. A tool that does not answer in a few seconds is a
   * `problem`. Where it is left out, a sample says as much.
   */
  look?(uuids: readonly string[], signal: AbortSignal): Promise<Samples>
  /** Has a device forget what is in its memory. Null once it has, or in words why it has not. */
  reset?(uuid: string, signal: AbortSignal): Promise<string | null>
}

export interface HostSample {
  /** 0 to 100, of all cores together. */
  readonly cpuUtilization: number
  readonly load: readonly [number, number, number]
  readonly memoryUsedMib: number
  readonly memoryTotalMib: number
  readonly diskFreeMib: number
  readonly uptime: Millis
}

/** A mounted file system that holds files of this host. */
export interface Disk {
  readonly mount: string
  readonly totalMib: number
  readonly availableMib: number
}

export interface HostProbe {
  inventory(signal: AbortSignal): Promise<Omit<NodeInventory, 'gpus' | 'links' | 'executors' | 'versions'>>
  sample(signal: AbortSignal): Promise<HostSample>
  /** Costs a process; not for every report. Empty when the system does not tell in time. */
  disks(signal: AbortSignal): Promise<readonly Disk[]>
}
