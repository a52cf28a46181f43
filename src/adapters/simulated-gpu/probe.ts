/** A probe of GPUs that are not there. They are busy when the node's ledger has given them out. */
import { textChance } from '../../lib/text-hash.ts'
import { unknownSample } from '../../model/gpu-health.ts'
import type { GpuSample } from '../../model/gpu.ts'
import type { SimulatedGpus } from '../../model/simulated-gpus.ts'
import type { Clock } from '../../ports/clock.ts'
import type { GpuProbe } from '../../ports/probe.ts'
import { simulatedDevices, simulatedLinks, type SimulatedDevice } from './devices.ts'

export interface SimulatedGpuSettings {
  /** Name of the node, unique in its mesh: part of the devices' names. */
  readonly node: string
  readonly groups: readonly SimulatedGpus[]
  readonly clock: Clock
  /** Uuids of the devices that are given out now. */
  readonly busy: () => ReadonlySet<string>
}

/** Readings move a little every so often, as those of real devices do. */
const stepMs = 10_000

/** Everything it says follows from names, time and what is busy: the same again gives the same. */
export function simulatedGpuProbe({ node, groups, clock, busy }: SimulatedGpuSettings): GpuProbe {
  const devices = simulatedDevices(node, groups)
  const inventory = { gpus: devices.map(({ device }) => device), links: simulatedLinks(devices), problem: null }
  return {
    vendor: 'simulated',
    inventory: () => Promise.resolve(inventory),
    // They have no memory in which anything could be left.
    look: (uuids) => {
      const samples = uuids.map((uuid) => ({ ...unknownSample(uuid), memoryUsedMib: 0, eccUncorrected: 0 }))
      return Promise.resolve({ samples, problem: null })
    },
    sample: () => {
      const given = busy()
      const step = Math.floor(clock.now() / stepMs)
      const samples = devices.map((each) => sampleOf(each, given.has(each.device.uuid), step))
      return Promise.resolve({ samples, problem: null })
    },
  }
}

function sampleOf({ device: { uuid, memoryMib }, product }: SimulatedDevice, isBusy: boolean, step: number): GpuSample {
  const nature = textChance(uuid)
  const mood = textChance(`${uuid}@${step}`)
  const utilization = isBusy ? Math.round(86 + 8 * nature + 6 * mood) : 0
  const { powerLimitW, idlePowerW, smClockMhz } = product
  const load = utilization / 100
  return {
    ...unknownSample(uuid),
    utilization,
    memoryUsedMib: isBusy ? Math.round(memoryMib * (0.6 + 0.3 * nature)) : 0,
    temperatureC: Math.round(29 + 5 * nature + 32 * load + 2 * mood),
    powerW: Math.round(idlePowerW + (powerLimitW - idlePowerW) * load * (0.8 + 0.1 * mood)),
    powerLimitW,
    smClockMhz: isBusy ? smClockMhz : Math.round(smClockMhz * 0.17),
    eccUncorrected: 0,
  }
}
