/** What `amd-smi` says, in JSON whose shape and names change with every release. */
import { field, items, jsonIn, reading, words } from '../../lib/lenient.ts'
import { gpuHealth, unknownSample } from '../../model/gpu-health.ts'
import type { GpuDevice, GpuLink, GpuSample } from '../../model/gpu.ts'

/** One entry for each GPU: releases since 6.4 put the list into `gpu_data`. */
export function entriesIn(text: string): readonly unknown[] {
  const json = jsonIn(text)
  return items(field(json, 'gpu_data') ?? json).filter((entry) => indexOf(entry) !== null)
}

/** From `static --json` and `list --json`. */
export function amdDevices(statics: string, list: string): readonly GpuDevice[] {
  const listed = new Map(entriesIn(list).map((entry) => [indexOf(entry), entry]))
  const found = entriesIn(statics)
  return (found.length > 0 ? found : [...listed.values()]).flatMap((entry) => {
    const index = indexOf(entry)
    return index === null ? [] : [deviceFrom(index, entry, listed.get(index))]
  })
}

function deviceFrom(index: number, entry: unknown, listed: unknown): GpuDevice {
  const asic = field(entry, 'asic')
  const board = field(entry, 'board')
  const vram = field(entry, 'vram')
  const bus = words(field(field(entry, 'bus'), 'bdf')) ?? words(field(listed, 'bdf'))
  return {
    index,
    uuid: amdUuid(words(field(asic, 'asic_serial')), words(field(listed, 'uuid')), bus, index),
    vendor: 'amd',
    model: words(field(asic, 'market_name')) ?? words(field(board, 'product_name')) ?? 'AMD GPU',
    memoryMib: mibOf(field(vram, 'size', 'vram_size', 'size_mb')) ?? 0,
    pciBusId: bus,
    driver: words(field(field(entry, 'driver'), 'version', 'driver_version')),
    computeCapability: null,
    mig: null,
    numaNode: numaNode(reading(field(field(entry, 'numa'), 'node'))),
    simulated: false,
  }
}

/**
 * The serial number makes the name that AMD's own libraries know (`GPU-` and 16 hex digits); without one, the tool's uuid or the slot
 * has to do.
 */
export function amdUuid(serial: string | null, uuid: string | null, bus: string | null, index: number): string {
  const digits = /^(?:0x)?([0-9a-f]{1,16})$/i.exec(serial ?? '')?.[1]
  if (digits !== undefined && /[1-9a-f]/i.test(digits)) return `GPU-${digits.toLowerCase().padStart(16, '0')}`
  return `AMD-${uuid ?? bus ?? index}`
}

/** From `metric --json`. */
export function amdSamples(text: string, uuids: ReadonlyMap<number, string>): readonly GpuSample[] {
  return entriesIn(text).flatMap((entry) => {
    const uuid = uuids.get(indexOf(entry) ?? -1)
    return uuid === undefined ? [] : [sampleFrom(entry, uuid)]
  })
}

function sampleFrom(entry: unknown, uuid: string): GpuSample {
  const power = field(entry, 'power')
  const memory = field(entry, 'mem_usage', 'vram')
  const temperature = field(entry, 'temperature')
  const eccUncorrected = reading(field(field(entry, 'ecc'), 'total_uncorrectable_count', 'total_uncorrectable'))
  return {
    ...unknownSample(uuid),
    utilization: reading(field(field(entry, 'usage'), 'gfx_activity', 'gfx_usage')),
    memoryUsedMib: mibOf(field(memory, 'used_vram', 'vram_used')),
    temperatureC: reading(field(temperature, 'hotspot')) ?? reading(field(temperature, 'edge', 'edge_temperature')),
    powerW:
      reading(field(power, 'socket_power')) ??
      reading(field(power, 'current_socket_power')) ??
      reading(field(power, 'average_socket_power')),
    powerLimitW: reading(field(power, 'power_cap', 'power_limit')),
    smClockMhz: reading(field(field(field(entry, 'clock'), 'gfx_0', 'gfx'), 'clk', 'cur_clk')),
    eccUncorrected,
    health: gpuHealth({ isBroken: false, eccUncorrected, throttle: [] }),
  }
}

/** Direct links from `topology --json`. xGMI counts as `nvlink`: what matters is a direct way from GPU to GPU. */
export function amdLinks(text: string): readonly GpuLink[] {
  return entriesIn(text).flatMap((entry) => {
    const from = indexOf(entry) ?? -1
    return items(field(entry, 'links')).flatMap((link): readonly GpuLink[] => {
      const to = indexOf(link)
      const isDirect = words(field(link, 'link_type', 'type'))?.toUpperCase() === 'XGMI'
      return to !== null && from < to && isDirect ? [{ devices: [from, to], kind: 'nvlink', width: 1 }] : []
    })
  })
}

const indexOf = (entry: unknown): number | null => reading(field(entry, 'gpu', 'gpu_id'))

/** Sizes say their unit, and are MB, by which the tool means MiB, when they do not. */
function mibOf(value: unknown): number | null {
  const size = reading(value)
  if (size === null) return null
  const unit =
    words(field(value, 'unit')) ?? (typeof value === 'string' ? (/[a-z]+\s*$/i.exec(value)?.[0] ?? 'MB') : 'MB')
  const factor: Readonly<Record<string, number>> = { B: 1 / 1_048_576, KB: 1 / 1_024, GB: 1_024 }
  return Math.round(size * (factor[unit.trim().toUpperCase()] ?? 1))
}

const numaNode = (node: number | null): number | null => (node === null || node < 0 ? null : node)
