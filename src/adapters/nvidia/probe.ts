/** NVIDIA GPUs, as nvidia-smi tells them. */
import { second, type Millis } from '../../model/time.ts'
import type { GpuProbe } from '../../ports/probe.ts'
import { toolProblem, type RunTool } from '../../ports/tool.ts'
import type { Smi } from './ask.ts'
import { NvidiaInventory } from './inventory.ts'
import { lookAt, resetGpu } from './look.ts'
import { NvidiaSampler } from './sampler.ts'

export interface NvidiaSettings {
  /** The tool's path, or its name to be found on PATH. */
  readonly path?: string
  readonly inventoryTimeout?: Millis
  readonly sampleTimeout?: Millis
  readonly lookTimeout?: Millis
  readonly resetTimeout?: Millis
}

/** A report of eight GPUs with many processes has some 200 KB. */
const maxBytes = 8 * 1_048_576

/**
 * The inventory comes from the XML report, or where there is none from a query; `sample` starts the tool once, and gives processes as
 * of the last inventory. A device that was there and is no longer told counts as failed until an inventory is complete without it.
 */
export function nvidiaProbe(runTool: RunTool, settings: NvidiaSettings = {}): GpuProbe {
  const { path = 'nvidia-smi', inventoryTimeout = 20 * second, sampleTimeout = 10 * second } = settings
  const { lookTimeout = 4 * second, resetTimeout = 30 * second } = settings
  const smi =
    (timeoutMs: Millis, signal: AbortSignal): Smi =>
    async (...args) => {
      const result = await runTool(path, args, { timeoutMs, maxBytes, signal })
      return { ...result, problem: toolProblem('nvidia-smi', result, timeoutMs) }
    }
  const inventory = new NvidiaInventory()
  const sampler = new NvidiaSampler(inventory)
  return {
    vendor: 'nvidia',
    inventory: (signal) => inventory.read(smi(inventoryTimeout, signal)),
    sample: (signal) => sampler.read(smi(sampleTimeout, signal)),
    look: (uuids, signal) => lookAt(smi(lookTimeout, signal), uuids),
    reset: (uuid, signal) => resetGpu(smi(resetTimeout, signal), uuid),
  }
}
