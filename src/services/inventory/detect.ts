/** One look at everything that a host is made of. */
import { combineInventory, type HostFindings } from '../../core/inventory/combine.ts'
import type { NodeInventory } from '../../model/node.ts'
import type { GpuProbe, HostProbe } from '../../ports/probe.ts'
import { isMissingTool } from '../../ports/tool.ts'

export interface Detected {
  readonly inventory: NodeInventory
  /** What went wrong, for people. A tool for hardware that the host may not have is no problem. */
  readonly problems: readonly string[]
  /** Vendors whose tool is not installed. */
  readonly absent: readonly string[]
}

export interface HardwareProbes {
  readonly host: HostProbe
  /** In the order in which they are believed when two name the same device. */
  readonly gpus: readonly GpuProbe[]
}

/** Asks all probes at once. Throws only what the host probe throws. */
export async function detect(
  probes: HardwareProbes,
  known: Omit<HostFindings, 'host'>,
  signal: AbortSignal,
): Promise<Detected> {
  const [host, ...found] = await Promise.all([
    probes.host.inventory(signal),
    ...probes.gpus.map(async (probe) => ({ vendor: probe.vendor, ...(await probe.inventory(signal)) })),
  ])
  const troubles = found.flatMap(({ vendor, problem }) => (problem === null ? [] : [{ vendor, problem }]))
  return {
    inventory: combineInventory({ host, ...known }, found),
    problems: troubles.map(({ problem }) => problem).filter((problem) => !isMissingTool(problem)),
    absent: troubles.filter(({ problem }) => isMissingTool(problem)).map(({ vendor }) => vendor),
  }
}
