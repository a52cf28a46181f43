/** `clawnode --detect-gpus`: what this host is made of, for people or as JSON. Nothing is started and nothing is written. */
import { systemClock } from '../adapters/system/clock.ts'
import type { GpuDevice } from '../model/gpu.ts'
import type { FlagValues } from '../config/clawnode-flags.ts'
import { formatMib } from '../lib/units.ts'
import { detect, type Detected } from '../services/inventory/detect.ts'
import { hardwareProbes } from './hardware.ts'
import { configFromCommandLine } from './settings.ts'

export async function detectGpus(values: FlagValues, json: boolean): Promise<string> {
  const config = await configFromCommandLine(values)
  // The folder need not exist yet; the host's disk is asked about where the program runs.
  const probes = hardwareProbes({
    dataDir: process.cwd(),
    node: 'here',
    simulateGpus: config.gpu.simulate === '' ? null : config.gpu.simulate,
    realGpus: config.gpu.autoDetect,
    clock: systemClock,
    busy: () => new Set(),
  })
  const found = await detect(probes, { executors: [], versions: {} }, AbortSignal.timeout(30_000))
  return json
    ? JSON.stringify(
        { gpus: found.inventory.gpus, links: found.inventory.links, problems: found.problems, absent: found.absent },
        null,
        2,
      )
    : table(found)
}

function table({ inventory, problems, absent }: Detected): string {
  const { cpuModel, cpuCores, memoryMib, gpus, links } = inventory
  return [
    `Host: ${cpuCores} cores (${cpuModel}), ${formatMib(memoryMib)} memory`,
    gpus.length === 0 ? 'GPUs: none found' : `GPUs: ${gpus.length}`,
    ...gpus.map(line),
    ...(links.length === 0
      ? []
      : [`Links: ${links.filter(({ kind }) => kind === 'nvlink').length} NVLink of ${links.length}`]),
    ...problems.map((problem) => `Problem: ${problem}`),
    ...(gpus.length === 0 && absent.length > 0 ? [`Not installed here: the tools for ${absent.join(', ')} GPUs`] : []),
  ].join('\n')
}

const line = ({ index, model, memoryMib, uuid, driver, mig, simulated }: GpuDevice): string =>
  [
    `  ${String(index).padStart(2)}  ${model}${simulated ? ' (simulated)' : ''}`,
    formatMib(memoryMib),
    uuid,
    ...(driver === null ? [] : [`driver ${driver}`]),
    ...(mig === null ? [] : [`MIG ${mig.profile}`]),
  ].join('  ')
