/** What `nvidia-smi -q -x` says about the GPUs of a host. */
import { reading, words } from '../../lib/lenient.ts'
import type { GpuDevice, GpuSample } from '../../model/gpu.ts'
import { childrenOf, parseXml, textAt, type XmlNode } from './xml.ts'

export interface MigInstance {
  /** nvidia-smi's index of the instance on its GPU. */
  readonly index: number
  readonly memoryMib: number | null
}

export interface NvidiaGpu {
  readonly device: GpuDevice
  /** The GPU cannot be used as a whole while MIG is enabled, not even when no instance has been made. */
  readonly migEnabled: boolean
  readonly instances: readonly MigInstance[]
  readonly processes: GpuSample['processes']
}

export interface NvidiaReport {
  readonly gpus: readonly NvidiaGpu[]
  /** False when the document was cut off or is not one: there may be more GPUs. */
  readonly complete: boolean
}

/** GPUs without a readable uuid are left out: work cannot be given what cannot be named. */
export function parseReport(xml: string): NvidiaReport {
  const { root, complete } = parseXml(xml)
  if (root === null || root.name !== 'nvidia_smi_log') return { gpus: [], complete: false }
  const driver = words(textAt(root, 'driver_version'))
  const gpus = childrenOf(root, 'gpu').flatMap((node, index) => gpuFrom(node, index, driver) ?? [])
  return { gpus, complete }
}

function gpuFrom(node: XmlNode, index: number, driver: string | null): NvidiaGpu | null {
  const uuid = words(textAt(node, 'uuid'))
  if (uuid === null) return null
  return {
    device: {
      index,
      uuid,
      vendor: 'nvidia',
      model: words(textAt(node, 'product_name')) ?? 'NVIDIA GPU',
      memoryMib: reading(textAt(node, 'fb_memory_usage/total')) ?? 0,
      pciBusId: words(textAt(node, 'pci/pci_bus_id')) ?? words(node.attributes['id']),
      driver,
      computeCapability: null,
      mig: null,
      numaNode: null,
      simulated: false,
    },
    migEnabled: textAt(node, 'mig_mode/current_mig')?.toLowerCase() === 'enabled',
    instances: instancesOf(node),
    processes: processesOf(node),
  }
}

function instancesOf(gpu: XmlNode): readonly MigInstance[] {
  return childrenOf(gpu, 'mig_devices')
    .flatMap((list) => childrenOf(list, 'mig_device'))
    .flatMap((node) => {
      const index = reading(textAt(node, 'index'))
      return index === null ? [] : [{ index, memoryMib: reading(textAt(node, 'fb_memory_usage/total')) }]
    })
}

function processesOf(gpu: XmlNode): GpuSample['processes'] {
  return childrenOf(gpu, 'processes')
    .flatMap((list) => childrenOf(list, 'process_info'))
    .flatMap((node) => {
      const pid = reading(textAt(node, 'pid'))
      return pid === null ? [] : [{ pid, memoryMib: reading(textAt(node, 'used_memory')) }]
    })
}
