/** The mesh in the numbers, and under the names, that clients of the first gateway look for in `/api/status`. */
import { z } from 'zod'
import { second } from '../../model/time.ts'
import type { Workload } from '../../model/workload.ts'
import type { OperationContext } from '../context.ts'
import { iso, time } from '../fields.ts'
import { GpuSummary, summaryOf } from './gpu-summary.ts'
import type { NodeView } from '../node/node-view.ts'

const count = z.int()

export const meshNumbers = {
  total_nodes: count,
  node_health: z.object({ healthy: count, unhealthy: count, draining: count, offline: count }),
  total_workloads: count,
  workload_states: z.object({
    ...{ pending: count, starting: count, running: count, stopping: count },
    ...{ stopped: count, completed: count, failed: count },
  }),
  gpu_utilization: GpuSummary,
  timestamp: time,
  uptime_secs: count.describe('Of the daemon that answers'),
}

export function meshNumbersOf(
  nodes: readonly NodeView[],
  workloads: readonly Workload[],
  { clock, startedAt }: Pick<OperationContext, 'clock' | 'startedAt'>,
) {
  const health = { healthy: 0, unhealthy: 0, draining: 0, offline: 0 }
  for (const { status } of nodes) health[status] += 1
  const states = { pending: 0, starting: 0, running: 0, stopping: 0, stopped: 0, completed: 0, failed: 0 }
  for (const { state } of workloads) states[state] += 1
  const now = clock.now()
  return {
    ...{ total_nodes: nodes.length, node_health: health },
    ...{ total_workloads: workloads.length, workload_states: states },
    gpu_utilization: summaryOf(nodes.flatMap(({ gpus }) => gpus)),
    timestamp: iso(now),
    uptime_secs: Math.max(0, Math.floor((now - startedAt) / second)),
  }
}
