/** The probes of this host, real and simulated. */
import { amdProbe } from '../adapters/amd/probe.ts'
import { appleProbe } from '../adapters/apple/probe.ts'
import { intelProbe } from '../adapters/intel/probe.ts'
import { nvidiaProbe } from '../adapters/nvidia/probe.ts'
import { simulatedGpuProbe } from '../adapters/simulated-gpu/probe.ts'
import { systemHost } from '../adapters/system/host.ts'
import { systemTools } from '../adapters/system/tool.ts'
import { parseSimulatedGpus } from '../model/simulated-gpus.ts'
import type { Clock } from '../ports/clock.ts'
import type { HardwareProbes } from '../services/inventory/detect.ts'

export interface HardwareSettings {
  readonly dataDir: string
  /** Name of the node, of which simulated devices are named. */
  readonly node: string
  /** What `--simulate-gpus` says, or null for none. */
  readonly simulateGpus: string | null
  /** False for daemons that share a host with one that already offers its real GPUs. */
  readonly realGpus: boolean
  readonly clock: Clock
  /** Uuids of the devices that this node's ledger has given out. */
  readonly busy: () => ReadonlySet<string>
}

/** Throws INVALID_REQUEST for simulated GPUs that cannot be read. */
export function hardwareProbes(settings: HardwareSettings): HardwareProbes {
  const { dataDir, node, simulateGpus, realGpus, clock, busy } = settings
  const runTool = systemTools()
  const real = [nvidiaProbe(runTool), amdProbe(runTool), intelProbe(runTool), appleProbe(runTool)]
  const simulated =
    simulateGpus === null ? [] : [simulatedGpuProbe({ node, groups: parseSimulatedGpus(simulateGpus), clock, busy })]
  return { host: systemHost(dataDir), gpus: [...(realGpus ? real : []), ...simulated] }
}
