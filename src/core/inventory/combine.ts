/** One inventory out of what several probes found. */
import { canonicalJson } from '../../lib/canonical-json.ts'
import { sha256 } from '../../lib/sha256.ts'
import type { GpuDevice, GpuLink } from '../../model/gpu.ts'
import type { ExecutorKind, NodeInventory } from '../../model/node.ts'

export interface GpuFindings {
  readonly gpus: readonly GpuDevice[]
  readonly links: readonly GpuLink[]
}

export interface HostFindings {
  readonly host: Omit<NodeInventory, 'gpus' | 'links' | 'executors' | 'sharing' | 'versions'>
  readonly executors: readonly ExecutorKind[]
  /** Whether the owner of the host lets several workloads share one GPU. */
  readonly sharing?: boolean
  readonly versions: NodeInventory['versions']
}

/**
 * Devices in a stable order, each once: two tools may see the same GPU, and the first that named it is right. Indexes are unique on
 * the node: where two probes use the same, the later probe's devices are counted on from the first free one, and their links follow.
 */
export function combineInventory(findings: HostFindings, probes: readonly GpuFindings[]): NodeInventory {
  const gpus: GpuDevice[] = []
  const links: GpuLink[] = []
  for (const probe of probes) {
    const fresh = probe.gpus.filter((device) => !gpus.some((known) => isSame(known, device)))
    const offset = fresh.some(({ index }) => gpus.some((known) => known.index === index)) ? nextIndex(gpus) : 0
    const shifted = new Set(fresh.map(({ index }) => index))
    gpus.push(...fresh.map((device) => ({ ...device, index: device.index + offset })))
    for (const { devices, ...link } of probe.links)
      if (devices.every((index) => shifted.has(index)))
        links.push({ ...link, devices: [devices[0] + offset, devices[1] + offset] })
  }
  return {
    ...findings.host,
    gpus: gpus.toSorted((a, b) => a.index - b.index),
    links: links.toSorted((a, b) => a.devices[0] - b.devices[0] || a.devices[1] - b.devices[1]),
    executors: [...new Set(findings.executors)],
    versions: findings.versions,
    ...(findings.sharing === true && { sharing: true as const }),
  }
}

/** Changes when the inventory does, and not with the order of its fields. */
export const inventoryFingerprint = (inventory: NodeInventory): string => sha256(canonicalJson(inventory))

/** MIG instances share their GPU's bus id, so it tells only whole devices apart. */
const isSame = (a: GpuDevice, b: GpuDevice): boolean =>
  a.uuid === b.uuid ||
  (a.mig === null && b.mig === null && a.pciBusId !== null && !a.simulated && !b.simulated && bus(a) === bus(b))

/** Tools write the PCI domain with four or with eight digits. */
const bus = ({ pciBusId }: GpuDevice): string => (pciBusId ?? '').toLowerCase().replace(/^0+(?=[0-9a-f]{4}:)/, '')

const nextIndex = (gpus: readonly GpuDevice[]): number => Math.max(-1, ...gpus.map(({ index }) => index)) + 1
