/** What all nodes last measured of their GPUs, for all who ask one peer. */
import { z } from 'zod'
import type { Instant, Millis } from '../../model/time.ts'
import { second } from '../../model/time.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Control } from '../../services/control/types.ts'
import type { Membership } from '../../services/membership/types.ts'
import { iso, time } from '../fields.ts'
import { GpuSummary, summaryOf } from './gpu-summary.ts'
import { GpuView, holders, measuredAt } from '../node/node-view.ts'

export const MeshMetrics = z.object({
  timestamp: time,
  nodes: z.array(
    z.object({
      node_id: z.string(),
      name: z.string(),
      health: z.enum(['healthy', 'unhealthy', 'draining', 'offline']),
      gpus: z.array(GpuView),
    }),
  ),
  gpu_summary: GpuSummary,
})
export type MeshMetrics = z.infer<typeof MeshMetrics>

interface Context {
  readonly control: Pick<Control, 'state'>
  readonly membership: Pick<Membership, 'view'>
  readonly clock: Pick<Clock, 'now'>
}

const fresh: Millis = second

/** What all nodes last measured. Many watch at a time: within a second all of them get the same. */
export class Measured {
  readonly #context: Context
  #last: { readonly at: Instant; readonly metrics: MeshMetrics } | null = null

  constructor(context: Context) {
    this.#context = context
  }

  read(): MeshMetrics {
    const at = this.#context.clock.now()
    if (this.#last === null || Math.abs(at - this.#last.at) >= fresh)
      this.#last = { at, metrics: measured(this.#context) }
    return this.#last.metrics
  }
}

/** Without the names of work that is not to be seen. That a device is in use, everybody sees who sees the device. */
export const shownOf = (metrics: MeshMetrics, isSeen: (workload: string) => boolean): MeshMetrics => ({
  ...metrics,
  nodes: metrics.nodes.map((node) => ({
    ...node,
    gpus: node.gpus.map((gpu) => ({
      ...gpu,
      workload: gpu.workload !== null && isSeen(gpu.workload) ? gpu.workload : null,
      shares: gpu.shares.filter(({ workload }) => isSeen(workload)),
    })),
  })),
})

function measured({ control, membership, clock }: Context): MeshMetrics {
  const { state } = control
  const held = holders({ state })
  const nodes = [...state.members.values()]
    .toSorted((a, b) => a.name.localeCompare(b.name))
    .map((member) => ({ member, ...measuredAt(member, membership, held) }))
  return {
    timestamp: iso(clock.now()),
    nodes: nodes.map((node) => ({
      ...{ node_id: node.member.id, name: node.member.name, health: node.health },
      gpus: [...node.gpus],
    })),
    gpu_summary: summaryOf(nodes.flatMap((node) => node.gpus)),
  }
}
