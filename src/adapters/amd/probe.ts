/** AMD GPUs, as amd-smi tells them, or where it is not installed or fails, rocm-smi. */
import { lostGpu, silentGpu } from '../../model/gpu-health.ts'
import type { GpuDevice, GpuLink, GpuSample } from '../../model/gpu.ts'
import { second } from '../../model/time.ts'
import type { GpuProbe } from '../../ports/probe.ts'
import { isMissingTool, toolProblem, type RunTool } from '../../ports/tool.ts'
import { amdDevices, amdLinks, amdSamples } from './amd-smi.ts'
import { inventoryArgs, rocmDevices, rocmSamples, sampleArgs } from './rocm-smi.ts'

const inventoryTimeout = 20 * second
const sampleTimeout = 10 * second
const maxBytes = 8 * 1_048_576

type Ask = (timeout: number, command: string, ...args: readonly string[]) => Promise<Answer>

interface Answer {
  readonly text: string
  readonly problem: string | null
}

interface Found {
  readonly gpus: readonly GpuDevice[]
  readonly links: readonly GpuLink[]
  readonly problem: string | null
}

/** Remembers the devices and the tool that named them; samples come from that tool. */
export function amdProbe(runTool: RunTool): GpuProbe {
  const ask =
    (signal: AbortSignal): Ask =>
    async (timeoutMs, command, ...args) => {
      const result = await runTool(command, args, { timeoutMs, maxBytes, signal })
      return { text: result.stdout, problem: toolProblem(command, result, timeoutMs) }
    }
  let known: Found = { gpus: [], links: [], problem: null }
  let isOld = false

  return {
    vendor: 'amd',
    async inventory(signal) {
      const modern = await byAmdSmi(ask(signal))
      const old = modern.gpus.length > 0 ? null : await byRocmSmi(ask(signal))
      const found = old !== null && old.gpus.length > 0 ? old : modern
      if (found.gpus.length > 0) {
        isOld = found === old
        known = found
        return found
      }
      const problem = [modern.problem, old?.problem ?? null].find((each) => each !== null && !isMissingTool(each))
      return { ...known, problem: problem ?? modern.problem }
    },
    async sample(signal) {
      const uuids = new Map(known.gpus.map(({ index, uuid }) => [index, uuid]))
      if (uuids.size === 0) return { samples: [], problem: null }
      const answer = isOld
        ? await ask(signal)(sampleTimeout, 'rocm-smi', ...sampleArgs)
        : await ask(signal)(sampleTimeout, 'amd-smi', 'metric', '--json')
      const samples = (isOld ? rocmSamples : amdSamples)(answer.text, uuids)
      return { samples: completed(known.gpus, samples, answer.problem), problem: answer.problem }
    },
  }
}

async function byAmdSmi(ask: Ask): Promise<Found> {
  const statics = await ask(inventoryTimeout, 'amd-smi', 'static', '--json')
  if (statics.problem !== null && isMissingTool(statics.problem))
    return { gpus: [], links: [], problem: statics.problem }
  const list = await ask(inventoryTimeout, 'amd-smi', 'list', '--json')
  const gpus = amdDevices(statics.text, list.text)
  const topology = gpus.length > 1 ? await ask(inventoryTimeout, 'amd-smi', 'topology', '--json') : null
  const links = amdLinks(topology?.text ?? '')
  return { gpus, links, problem: statics.problem ?? (gpus.length === 0 ? 'amd-smi told of no GPU' : null) }
}

async function byRocmSmi(ask: Ask): Promise<Found> {
  const { text, problem } = await ask(inventoryTimeout, 'rocm-smi', ...inventoryArgs)
  const gpus = rocmDevices(text)
  return { gpus, links: [], problem: problem ?? (gpus.length === 0 ? 'rocm-smi told of no GPU' : null) }
}

/** A device that a working tool leaves out is lost; of one whose tool is silent nothing is known. */
function completed(
  gpus: readonly GpuDevice[],
  samples: readonly GpuSample[],
  problem: string | null,
): readonly GpuSample[] {
  const unseen = problem === null ? lostGpu : silentGpu
  return gpus.map(({ uuid }) => samples.find((sample) => sample.uuid === uuid) ?? unseen(uuid))
}
