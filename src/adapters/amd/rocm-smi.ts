/** What the older `rocm-smi --json` says: one record for each card, with names made for people. */
import { field, jsonIn, reading, words } from '../../lib/lenient.ts'
import { unknownSample } from '../../model/gpu-health.ts'
import type { GpuDevice, GpuSample } from '../../model/gpu.ts'
import { amdUuid } from './amd-smi.ts'

export const inventoryArgs: readonly string[] = [
  '--showproductname',
  '--showuniqueid',
  '--showbus',
  '--showmeminfo',
  'vram',
  '--showdriverversion',
  '--json',
]
export const sampleArgs: readonly string[] = [
  '--showuse',
  '--showmeminfo',
  'vram',
  '--showtemp',
  '--showpower',
  '--showmaxpower',
  '--showclocks',
  '--json',
]

interface Card {
  readonly index: number
  readonly record: object
}

function cardsIn(json: unknown): readonly Card[] {
  if (typeof json !== 'object' || json === null) return []
  return Object.entries(json as Record<string, unknown>).flatMap(([name, record]) => {
    const index = /^card(\d+)$/.exec(name)?.[1]
    return index === undefined || typeof record !== 'object' || record === null
      ? []
      : [{ index: Number(index), record }]
  })
}

export function rocmDevices(text: string): readonly GpuDevice[] {
  const json = jsonIn(text)
  const driver = words(field(field(json, 'system'), 'Driver version'))
  return cardsIn(json).map(({ index, record }) => {
    const bus = words(field(record, 'PCI Bus'))
    return {
      index,
      uuid: amdUuid(words(field(record, 'Unique ID')), null, bus, index),
      vendor: 'amd',
      model: modelOf(record),
      memoryMib: mib(field(record, 'VRAM Total Memory (B)')) ?? 0,
      pciBusId: bus,
      driver,
      computeCapability: null,
      mig: null,
      numaNode: null,
      simulated: false,
    }
  })
}

export function rocmSamples(text: string, uuids: ReadonlyMap<number, string>): readonly GpuSample[] {
  return cardsIn(jsonIn(text)).flatMap(({ index, record }) => {
    const uuid = uuids.get(index)
    if (uuid === undefined) return []
    return {
      ...unknownSample(uuid),
      utilization: reading(field(record, 'GPU use (%)')),
      memoryUsedMib: mib(field(record, 'VRAM Total Used Memory (B)')),
      temperatureC: reading(
        field(
          record,
          'Temperature (Sensor junction) (C)',
          'Temperature (Sensor hotspot) (C)',
          'Temperature (Sensor edge) (C)',
        ),
      ),
      powerW: reading(field(record, 'Current Socket Graphics Package Power (W)', 'Average Graphics Package Power (W)')),
      powerLimitW: reading(field(record, 'Max Graphics Package Power (W)')),
      smClockMhz: clock(words(field(record, 'sclk clock speed:', 'sclk clock speed'))),
    }
  })
}

/** Some releases put the product's name into the series, others only a device number. */
function modelOf(record: object): string {
  const names = ['Card Series', 'Card Model', 'Device Name'].map((name) => words(field(record, name)))
  const name = names.find((found) => found !== null && !found.startsWith('0x')) ?? 'AMD GPU'
  return /^amd/i.test(name) ? name : `AMD ${name}`
}

const mib = (bytes: unknown): number | null => {
  const size = reading(bytes)
  return size === null ? null : Math.round(size / 1_048_576)
}

/** `(1700Mhz)` */
const clock = (text: string | null): number | null => reading(text?.replace(/^\(|\)$/g, ''))
