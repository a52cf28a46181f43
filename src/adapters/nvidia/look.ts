/** How NVIDIA devices are at this moment, and resetting one. */
import { reading } from '../../lib/lenient.ts'
import type { GpuSample } from '../../model/gpu.ts'
import type { Samples } from '../../ports/probe.ts'
import { csv, query, type Smi } from './ask.ts'
import { type Column, parseRows, sampleColumns, sampleFrom } from './query.ts'

const appColumns: readonly Column[] = [['gpu_uuid'], ['pid'], ['used_memory']]

/** Asks for the devices first: with a process that ends in between, a device counts as in use once too often, not once too rarely. */
export async function lookAt(smi: Smi, uuids: readonly string[]): Promise<Samples> {
  const { rows, problem } = await query(smi, sampleColumns, new Set(), `--id=${uuids.join(',')}`)
  if (problem !== null) return { samples: [], problem }
  const apps = await smi('--query-compute-apps=gpu_uuid,pid,used_memory', csv)
  if (apps.problem !== null) return { samples: [], problem: apps.problem }
  const running = parseRows(apps.stdout, appColumns)
  // What cannot be read may be a process.
  if (running.length !== apps.stdout.split('\n').filter((line) => line.trim() !== '').length)
    return { samples: [], problem: 'nvidia-smi printed a list of processes that cannot be read' }
  const processes = Map.groupBy(running, (row) => row.get('gpu_uuid') ?? '')
  const processOf = (row: ReadonlyMap<string, string>): GpuSample['processes'][number] => ({
    pid: reading(row.get('pid')) ?? 0,
    memoryMib: reading(row.get('used_memory')),
  })
  const samples = rows.flatMap((row) => {
    const sample = sampleFrom(row, (processes.get(row.get('uuid') ?? '') ?? []).map(processOf))
    return sample === null ? [] : [sample]
  })
  return { samples, problem: null }
}

/** The driver refuses it while anything uses the device, and to whoever is not root. */
export async function resetGpu(smi: Smi, uuid: string): Promise<string | null> {
  const { problem } = await smi('--gpu-reset', '-i', uuid)
  return problem
}
