/** Intel GPUs, as xpu-smi tells them. */
import { field, items, jsonIn, reading, words } from '../../lib/lenient.ts'
import { gpuHealth, lostGpu, silentGpu, unknownSample } from '../../model/gpu-health.ts'
import type { GpuDevice, GpuSample } from '../../model/gpu.ts'
import { second } from '../../model/time.ts'
import type { GpuProbe } from '../../ports/probe.ts'
import { toolProblem, type RunTool } from '../../ports/tool.ts'

const inventoryTimeout = 20 * second
const sampleTimeout = 10 * second
const maxBytes = 4 * 1_048_576

/** A host has so many at most; the tool is started once for each. */
const maxDevices = 64

type Ask = (...args: readonly string[]) => Promise<{ readonly json: unknown; readonly problem: string | null }>

/** Remembers the devices, so that one that is no longer told counts as lost. */
export function intelProbe(runTool: RunTool): GpuProbe {
  const ask =
    (timeoutMs: number, signal: AbortSignal): Ask =>
    async (...args) => {
      const result = await runTool('xpu-smi', args, { timeoutMs, maxBytes, signal })
      return { json: jsonIn(result.stdout), problem: toolProblem('xpu-smi', result, timeoutMs) }
    }
  let known: readonly GpuDevice[] = []
  return {
    vendor: 'intel',
    async inventory(signal) {
      const xpu = ask(inventoryTimeout, signal)
      const { json, problem } = await xpu('discovery', '-j')
      const entries = items(field(json, 'device_list')).slice(0, maxDevices)
      const found = await Promise.all(entries.map((entry) => deviceFrom(entry, xpu)))
      if (problem === null) known = found.filter((device) => device !== null)
      return { gpus: known, links: [], problem }
    },
    async sample(signal) {
      const xpu = ask(sampleTimeout, signal)
      const answers = await Promise.all(known.map((device) => sampleOf(device, xpu)))
      const problem = answers.map((answer) => answer.problem).find((each) => each !== null) ?? null
      return { samples: answers.map(({ sample }) => sample), problem }
    },
  }
}

async function deviceFrom(entry: unknown, xpu: Ask): Promise<GpuDevice | null> {
  const index = reading(field(entry, 'device_id'))
  const uuid = words(field(entry, 'uuid'))
  if (index === null || uuid === null) return null
  const { json: details } = await xpu('discovery', '-d', String(index), '-j')
  const bytes = reading(field(details, 'memory_physical_size_byte', 'memory_physical_size'))
  return {
    index,
    // The tool's uuids are made of vendor and slot, so another host may have the same.
    uuid: `XPU-${words(field(details, 'serial_number')) ?? uuid}`,
    vendor: 'intel',
    model: words(field(entry, 'device_name')) ?? 'Intel GPU',
    memoryMib: bytes === null ? 0 : Math.round(bytes / 1_048_576),
    pciBusId: words(field(entry, 'pci_bdf_address', 'pci_bdf')),
    driver: words(field(details, 'driver_version', 'kernel_version')),
    computeCapability: null,
    mig: null,
    numaNode: reading(field(details, 'numa_node', 'numa_node_id')),
    simulated: false,
  }
}

async function sampleOf(
  { index, uuid }: GpuDevice,
  xpu: Ask,
): Promise<{ readonly sample: GpuSample; readonly problem: string | null }> {
  const { json, problem } = await xpu('stats', '-d', String(index), '-j')
  const metrics = items(field(json, 'device_level'))
  if (metrics.length === 0) return { sample: problem === null ? lostGpu(uuid) : silentGpu(uuid), problem }
  const metric = (name: string): number | null => {
    const found = metrics.find((each) => words(field(each, 'metrics_type'))?.replace(/^XPUM_STATS_/, '') === name)
    return reading(field(found, 'value', 'avg'))
  }
  const eccUncorrected = metric('RAS_ERROR_CAT_NON_COMPUTE_ERRORS_UNCORRECTABLE')
  const sample: GpuSample = {
    ...unknownSample(uuid),
    utilization: metric('GPU_UTILIZATION'),
    memoryUsedMib: metric('MEMORY_USED'),
    temperatureC: metric('GPU_CORE_TEMPERATURE'),
    powerW: metric('POWER'),
    smClockMhz: metric('GPU_FREQUENCY'),
    eccUncorrected,
    health: gpuHealth({ isBroken: false, eccUncorrected, throttle: [] }),
  }
  return { sample, problem }
}
