/** GPUs that exist only in configuration: what `--simulate-gpus 8xH100,4xA100` stands for. Figures are the vendors' data sheets'. */
import { closest } from '../lib/closest.ts'
import { ClawError } from './failure.ts'
import type { GpuVendor } from './gpu.ts'

/** A product that can be simulated. */
export interface GpuProduct {
  readonly vendor: GpuVendor
  /** The name that the vendor's tool prints. */
  readonly model: string
  /** What the vendor's tool prints as its memory, MiB. */
  readonly memoryMib: number
  readonly powerLimitW: number
  readonly idlePowerW: number
  readonly smClockMhz: number
  readonly driver: string
  readonly computeCapability: string | null
  /** NVLink or xGMI links between any two devices of one host, 0 where they meet over PCIe only. */
  readonly linkWidth: number
}

export interface SimulatedGpus {
  readonly count: number
  readonly product: GpuProduct
}

const nvidia = { vendor: 'nvidia', driver: '570.86.15' } as const
const hopper = { ...nvidia, computeCapability: '9.0', powerLimitW: 700, idlePowerW: 70, smClockMhz: 1_980 }
const ampere = { ...nvidia, computeCapability: '8.0', powerLimitW: 400, idlePowerW: 55, smClockMhz: 1_410 }
const ada = { ...nvidia, computeCapability: '8.9', linkWidth: 0 }
const instinct = { vendor: 'amd', driver: '6.10.5', computeCapability: null, smClockMhz: 2_100, linkWidth: 1 } as const

/** By the short names that people type. */
export const gpuProducts = {
  B200: {
    ...nvidia,
    model: 'NVIDIA B200',
    memoryMib: 183_359,
    computeCapability: '10.0',
    powerLimitW: 1_000,
    idlePowerW: 140,
    smClockMhz: 1_965,
    linkWidth: 18,
  },
  H200: { ...hopper, model: 'NVIDIA H200', memoryMib: 143_771, linkWidth: 18 },
  H100: { ...hopper, model: 'NVIDIA H100 80GB HBM3', memoryMib: 81_559, linkWidth: 18 },
  'H100 PCIe': {
    ...hopper,
    model: 'NVIDIA H100 PCIe',
    memoryMib: 81_559,
    powerLimitW: 350,
    smClockMhz: 1_755,
    linkWidth: 0,
  },
  A100: { ...ampere, model: 'NVIDIA A100-SXM4-80GB', memoryMib: 81_920, linkWidth: 12 },
  'A100 40GB': { ...ampere, model: 'NVIDIA A100-SXM4-40GB', memoryMib: 40_960, linkWidth: 12 },
  L40S: { ...ada, model: 'NVIDIA L40S', memoryMib: 46_068, powerLimitW: 350, idlePowerW: 35, smClockMhz: 2_520 },
  L4: { ...ada, model: 'NVIDIA L4', memoryMib: 23_034, powerLimitW: 72, idlePowerW: 12, smClockMhz: 2_040 },
  'RTX 4090': {
    ...ada,
    model: 'NVIDIA GeForce RTX 4090',
    memoryMib: 24_564,
    powerLimitW: 450,
    idlePowerW: 20,
    smClockMhz: 2_520,
  },
  'RTX 3090': {
    ...ampere,
    model: 'NVIDIA GeForce RTX 3090',
    memoryMib: 24_576,
    computeCapability: '8.6',
    powerLimitW: 350,
    idlePowerW: 25,
    smClockMhz: 1_695,
    linkWidth: 0,
  },
  'RTX 5090': {
    ...nvidia,
    model: 'NVIDIA GeForce RTX 5090',
    memoryMib: 32_607,
    computeCapability: '12.0',
    powerLimitW: 575,
    idlePowerW: 25,
    smClockMhz: 2_407,
    linkWidth: 0,
  },
  T4: {
    ...nvidia,
    model: 'Tesla T4',
    memoryMib: 15_360,
    computeCapability: '7.5',
    powerLimitW: 70,
    idlePowerW: 10,
    smClockMhz: 1_590,
    linkWidth: 0,
  },
  V100: {
    ...nvidia,
    model: 'Tesla V100-SXM2-32GB',
    memoryMib: 32_768,
    computeCapability: '7.0',
    powerLimitW: 300,
    idlePowerW: 40,
    smClockMhz: 1_530,
    linkWidth: 2,
  },
  MI300X: { ...instinct, model: 'AMD Instinct MI300X', memoryMib: 196_592, powerLimitW: 750, idlePowerW: 140 },
  MI250X: {
    ...instinct,
    model: 'AMD Instinct MI250X',
    memoryMib: 65_520,
    powerLimitW: 560,
    idlePowerW: 90,
    smClockMhz: 1_700,
  },
} as const satisfies Record<string, GpuProduct>

/** A host has so many devices at most, as a workload can ask for so many at most. */
const maxDevices = 64

/**
 * `8xH100[,4xA100]`; a name alone is one device; case, spaces and dashes in names do not matter. Throws INVALID_REQUEST that says
 * which part is wrong.
 */
export function parseSimulatedGpus(text: string): readonly SimulatedGpus[] {
  const groups = text.split(',').map(parseGroup)
  const total = groups.reduce((sum, { count }) => sum + count, 0)
  if (total > maxDevices) throw invalid(`${total} simulated GPUs are more than the ${maxDevices} that a host may have`)
  return groups
}

function parseGroup(part: string): SimulatedGpus {
  const [, digits, name = ''] = /^\s*(?:(\d{1,4})\s*[x*×]\s*)?(\S.*?)\s*$/i.exec(part) ?? []
  const count = digits === undefined ? 1 : Number(digits)
  if (name === '' || count === 0) throw invalid(`"${part.trim().slice(0, 40)}" is not COUNTxMODEL, such as 8xH100`)
  const found = Object.entries(gpuProducts).find(
    ([short, { model }]) => plain(short) === plain(name) || plain(model) === plain(name),
  )
  if (found === undefined) throw invalid(unknownModel(name.slice(0, 40)))
  return { count, product: found[1] }
}

function unknownModel(name: string): string {
  const names = Object.keys(gpuProducts)
  const near = closest(name, names)
  const hint = near === null ? `known are ${names.join(', ')}` : `did you mean ${near}?`
  return `no GPU called "${name}" can be simulated; ${hint}`
}

const invalid = (problem: string): ClawError => new ClawError('INVALID_REQUEST', { problem })

const plain = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]+/g, '')
