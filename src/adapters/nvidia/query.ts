/** Rows of `nvidia-smi --query-gpu=… --format=csv,noheader,nounits`. */
import { reading } from '../../lib/lenient.ts'
import { gpuHealth, thermal } from '../../model/gpu-health.ts'
import type { GpuDevice, GpuSample } from '../../model/gpu.ts'

/** One fact, under the names that drivers have given it, newest first. */
export type Column = readonly [string, ...string[]]

export const sampleColumns: readonly Column[] = [
  ['index'],
  ['uuid', 'gpu_uuid'],
  ['utilization.gpu'],
  ['memory.used'],
  ['temperature.gpu'],
  ['power.draw', 'power.draw.instant'],
  ['power.limit', 'enforced.power.limit'],
  ['clocks.sm', 'clocks.current.sm'],
  ['ecc.errors.uncorrected.volatile.total'],
  ['clocks_event_reasons.active', 'clocks_throttle_reasons.active'],
]

export const inventoryColumns: readonly Column[] = [
  ['index'],
  ['uuid', 'gpu_uuid'],
  ['name', 'gpu_name'],
  ['memory.total'],
  ['pci.bus_id', 'gpu_bus_id'],
  ['driver_version'],
  ['compute_cap'],
]

/** A row by the first name of each column. */
export type Row = ReadonlyMap<string, string>

/** Rows that do not have exactly these columns, such as messages about a lost GPU between them, are left out. */
export function parseRows(text: string, columns: readonly Column[]): readonly Row[] {
  return text
    .split('\n')
    .map((line) => line.split(',').map((cell) => cell.trim()))
    .filter((cells) => cells.length === columns.length)
    .map((cells) => new Map(columns.map(([name], column) => [name, cells[column] ?? ''])))
}

/** The field that this driver does not know, in its own words, or null when it complains about something else. */
export const unknownField = (output: string): string | null =>
  /Field "([^"]+)" is not a valid field to query/.exec(output)?.[1] ?? null

export function deviceFrom(row: Row): GpuDevice | null {
  const index = reading(row.get('index'))
  const uuid = row.get('uuid')
  if (index === null || uuid === undefined || !/^(GPU|MIG)-/.test(uuid)) return null
  return {
    index,
    uuid,
    vendor: 'nvidia',
    model: known(row, 'name') ?? 'NVIDIA GPU',
    memoryMib: reading(row.get('memory.total')) ?? 0,
    pciBusId: known(row, 'pci.bus_id'),
    driver: known(row, 'driver_version'),
    computeCapability: known(row, 'compute_cap'),
    mig: null,
    numaNode: null,
    simulated: false,
  }
}

export function sampleFrom(row: Row, processes: GpuSample['processes']): GpuSample | null {
  const uuid = row.get('uuid')
  if (uuid === undefined || !uuid.startsWith('GPU-')) return null
  const throttle = throttleReasons(row.get('clocks_event_reasons.active') ?? '')
  const eccUncorrected = reading(row.get('ecc.errors.uncorrected.volatile.total'))
  const isBroken = [...row.values()].some((cell) => /requires reset|^\[?err!?\]?$|gpu is lost/i.test(cell))
  return {
    uuid,
    utilization: reading(row.get('utilization.gpu')),
    memoryUsedMib: reading(row.get('memory.used')),
    temperatureC: reading(row.get('temperature.gpu')),
    powerW: reading(row.get('power.draw')),
    powerLimitW: reading(row.get('power.limit')),
    smClockMhz: reading(row.get('clocks.sm')),
    eccUncorrected,
    throttle,
    health: gpuHealth({ isBroken, eccUncorrected, throttle }),
    processes,
  }
}

/** Bits of nvmlClocksEventReasons. Idling and clocks that somebody has set are no reasons to worry and are left out. */
const reasonBits: readonly (readonly [number, readonly string[]])[] = [
  [0x04, ['sw-power-cap']],
  [0x08, ['hw-slowdown']],
  [0x10, ['sync-boost']],
  [0x20, [thermal, 'sw-thermal-slowdown']],
  [0x40, [thermal, 'hw-thermal-slowdown']],
  [0x80, ['hw-power-brake']],
]

function throttleReasons(mask: string): readonly string[] {
  const bits = /^0x[0-9a-f]+$/i.test(mask) ? Number(BigInt(mask) & 0xffn) : 0
  return [...new Set(reasonBits.filter(([bit]) => (bits & bit) !== 0).flatMap(([, names]) => names))]
}

function known(row: Row, name: string): string | null {
  const cell = row.get(name) ?? ''
  return cell === '' || /^\[.*\]$|^n\/a$|^err!?$/i.test(cell) ? null : cell
}
