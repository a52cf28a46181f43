/** The devices and links of simulated GPUs: as real as configuration can make them, and marked as simulated. */
import type { GpuDevice, GpuLink } from '../../model/gpu.ts'
import type { GpuProduct, SimulatedGpus } from '../../model/simulated-gpus.ts'

export interface SimulatedDevice {
  readonly device: GpuDevice
  readonly product: GpuProduct
}

/** So many devices sit on one board, where all can be linked to each other; half of them are near each of two CPUs. */
const boardSize = 8

/** Named `SIM-<node>-<n>`, so that they are the same after a restart and unique in the mesh. */
export function simulatedDevices(node: string, groups: readonly SimulatedGpus[]): readonly SimulatedDevice[] {
  const products = groups.flatMap(({ count, product }) => Array.from({ length: count }, () => product))
  return products.map((product, index) => ({ product, device: deviceOf(node, index, product) }))
}

function deviceOf(node: string, index: number, product: GpuProduct): GpuDevice {
  return {
    index,
    uuid: `SIM-${node}-${index}`,
    vendor: product.vendor,
    model: product.model,
    memoryMib: product.memoryMib,
    pciBusId: `00000000:${(0x10 + index).toString(16).toUpperCase().padStart(2, '0')}:00.0`,
    driver: product.driver,
    computeCapability: product.computeCapability,
    mig: null,
    numaNode: numaNode(index),
    simulated: true,
  }
}

/** Devices of one product on one board form a clique where the product has links; the rest of the board meets over PCIe. */
export function simulatedLinks(devices: readonly SimulatedDevice[]): readonly GpuLink[] {
  return devices.flatMap((a, i) =>
    devices.slice(i + 1).flatMap((b) => {
      const pair = [a.device.index, b.device.index] as const
      return board(pair[0]) === board(pair[1]) ? [linkBetween(a, b, pair)] : []
    }),
  )
}

function linkBetween(a: SimulatedDevice, b: SimulatedDevice, devices: readonly [number, number]): GpuLink {
  if (a.product === b.product && a.product.linkWidth > 0) return { devices, kind: 'nvlink', width: a.product.linkWidth }
  return { devices, kind: numaNode(devices[0]) === numaNode(devices[1]) ? 'node' : 'sys', width: 1 }
}

const board = (index: number): number => Math.floor(index / boardSize)
const numaNode = (index: number): number => Math.floor((index % boardSize) / (boardSize / 2))
