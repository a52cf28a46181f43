/** How the NVIDIA devices of an inventory are. */
import { lostGpu, silentGpu } from '../../model/gpu-health.ts'
import type { GpuDevice, GpuSample } from '../../model/gpu.ts'
import type { GpuProbe } from '../../ports/probe.ts'
import { query, type Smi } from './ask.ts'
import type { NvidiaInventory } from './inventory.ts'
import { sampleColumns, sampleFrom, type Row } from './query.ts'

type Samples = Awaited<ReturnType<GpuProbe['sample']>>

export class NvidiaSampler {
  readonly #inventory: NvidiaInventory
  /** Names of fields that this driver has refused. */
  readonly #refused = new Set<string>()

  constructor(inventory: NvidiaInventory) {
    this.#inventory = inventory
  }

  async read(smi: Smi): Promise<Samples> {
    const { devices, processes } = this.#inventory
    const all = await query(smi, sampleColumns, this.#refused)
    const rows = all.problem !== null && all.isRefusal ? await this.#oneByOne(smi, all.rows) : all.rows
    const whole = new Map(
      rows.flatMap((row) => {
        const sample = sampleFrom(row, processes.get(row.get('uuid') ?? '') ?? [])
        return sample === null ? [] : [[sample.uuid, sample] as const]
      }),
    )
    if (devices.length === 0) return { samples: [...whole.values()], problem: all.problem }
    const isSilent = all.problem !== null && !all.isRefusal
    const unseen = isSilent ? silentGpu : lostGpu
    return { samples: devices.map((device) => sampleOf(device, whole, unseen)), problem: all.problem }
  }

  /** One lost GPU makes a query of all of them fail. Asked for one by one, the others still answer. */
  async #oneByOne(smi: Smi, known: readonly Row[]): Promise<readonly Row[]> {
    const rows = [...known]
    const answered = new Set(known.map((row) => row.get('uuid')))
    for (const uuid of new Set(this.#inventory.devices.map(({ uuid, mig }) => mig?.parent ?? uuid))) {
      if (answered.has(uuid)) continue
      const one = await query(smi, sampleColumns, this.#refused, `--id=${uuid}`)
      rows.push(...one.rows)
      if (one.problem !== null && !one.isRefusal) break
    }
    return rows
  }
}

/** What a MIG instance shares with its GPU is told of it; what only the GPU as a whole has is not known of the instance. */
function sampleOf(
  { uuid, mig }: GpuDevice,
  whole: ReadonlyMap<string, GpuSample>,
  unseen: (uuid: string) => GpuSample,
): GpuSample {
  const found = whole.get(mig?.parent ?? uuid)
  if (found === undefined) return unseen(uuid)
  return mig === null
    ? found
    : { ...found, uuid, utilization: null, memoryUsedMib: null, powerW: null, powerLimitW: null, processes: [] }
}
