/**
 * The GPUs of a Mac, as system_profiler tells them.
 *
 * Apple's own GPUs have no memory of their own. What is told as theirs is the part of the shared memory that macOS lets them hold: the
 * limit that somebody has set, or two thirds up to 36 GiB of memory and three quarters above. The host's memory is told in full beside
 * it, so the two must not be added up.
 */
import { field, items, jsonIn, reading, words } from '../../lib/lenient.ts'
import { lostGpu, silentGpu, unknownSample } from '../../model/gpu-health.ts'
import type { GpuDevice, GpuVendor } from '../../model/gpu.ts'
import { second } from '../../model/time.ts'
import type { GpuProbe } from '../../ports/probe.ts'
import { missingTool, toolProblem, type RunTool } from '../../ports/tool.ts'

const inventoryTimeout = 30 * second
const sampleTimeout = 10 * second
const maxBytes = 4 * 1_048_576
const unifiedThresholdMib = 36 * 1_024

type Ask = (
  command: string,
  ...args: readonly string[]
) => Promise<{ readonly text: string; readonly problem: string | null }>

export function appleProbe(runTool: RunTool): GpuProbe {
  const ask =
    (timeoutMs: number, signal: AbortSignal): Ask =>
    async (command, ...args) => {
      const result = await runTool(command, args, { timeoutMs, maxBytes, signal })
      return { text: result.stdout, problem: toolProblem(command, result, timeoutMs) }
    }
  let known: readonly GpuDevice[] = []
  return {
    vendor: 'apple',
    async inventory(signal) {
      const run = ask(inventoryTimeout, signal)
      const { text, problem } = await run('system_profiler', 'SPDisplaysDataType', 'SPHardwareDataType', '-json')
      if (problem !== null) return { gpus: known, links: [], problem }
      const machine = words(field(items(field(jsonIn(text), 'SPHardwareDataType'))[0], 'platform_UUID'))
      if (machine === null)
        return { gpus: known, links: [], problem: 'system_profiler did not say which machine this is' }
      const usableMib = await usableUnifiedMib(run)
      known = items(field(jsonIn(text), 'SPDisplaysDataType')).flatMap(
        (entry, index) => deviceFrom(entry, { index, machine, usableMib }) ?? [],
      )
      return { gpus: known, links: [], problem: null }
    },
    async sample(signal) {
      if (known.length === 0) return { samples: [], problem: null }
      const { text, problem } = await ask(sampleTimeout, signal)(
        'ioreg',
        '-r',
        '-d',
        '1',
        '-w',
        '0',
        '-c',
        'IOAccelerator',
      )
      const statistics = [...text.matchAll(/"PerformanceStatistics"\s*=\s*\{([^}]*)\}/g)].map(
        ([, inner]) => inner ?? '',
      )
      const unseen = problem === null ? lostGpu : silentGpu
      const samples = known.map(({ uuid }, i) => {
        const found = statistics[i]
        return found === undefined ? unseen(uuid) : { ...unknownSample(uuid), ...usage(found) }
      })
      return { samples, problem: problem === missingTool('ioreg') ? null : problem }
    },
  }
}

interface Place {
  readonly index: number
  readonly machine: string
  readonly usableMib: number
}

function deviceFrom(entry: unknown, { index, machine, usableMib }: Place): GpuDevice | null {
  const model = words(field(entry, 'sppci_model')) ?? words(field(entry, '_name'))
  if (model === null) return null
  const vendor = vendorOf(words(field(entry, 'spdisplays_vendor')) ?? model)
  return {
    index,
    uuid: `MAC-${machine}-${index}`,
    vendor,
    model,
    memoryMib:
      vendor === 'apple' ? usableMib : vramMib(words(field(entry, 'spdisplays_vram', 'spdisplays_vram_shared'))),
    pciBusId: null,
    driver:
      words(field(entry, 'spdisplays_mtlgpufamilysupport', 'spdisplays_metalfamily'))?.replace('spdisplays_', '') ??
      null,
    computeCapability: null,
    mig: null,
    numaNode: null,
    simulated: false,
  }
}

function vendorOf(text: string): GpuVendor {
  const vendors = ['apple', 'amd', 'intel', 'nvidia'] as const
  return vendors.find((vendor) => text.toLowerCase().includes(vendor)) ?? 'unknown'
}

async function usableUnifiedMib(run: Ask): Promise<number> {
  const limit = reading((await run('sysctl', '-n', 'iogpu.wired_limit_mb')).text)
  if (limit !== null && limit > 0) return limit
  const totalMib = (reading((await run('sysctl', '-n', 'hw.memsize')).text) ?? 0) / 1_048_576
  return Math.floor(totalMib <= unifiedThresholdMib ? (totalMib * 2) / 3 : (totalMib * 3) / 4)
}

/** `8 GB`, `1536 MB` */
function vramMib(text: string | null): number {
  const size = reading(text) ?? 0
  return /gb\s*$/i.test(text ?? '') ? size * 1_024 : size
}

function usage(statistics: string): { readonly utilization: number | null; readonly memoryUsedMib: number | null } {
  const value = (name: string): number | null => reading(new RegExp(`"${name}"=(\\d+)`).exec(statistics)?.[1])
  const bytes = value('In use system memory') ?? value('inUseVidMemoryBytes')
  return {
    utilization: value('Device Utilization %'),
    memoryUsedMib: bytes === null ? null : Math.round(bytes / 1_048_576),
  }
}
