/** Whether a peer works, and what all nodes last measured, for programs that watch. Their field names are those of the first gateway. */
import { z } from 'zod'
import type { Instant, Millis } from '../model/time.ts'
import { second } from '../model/time.ts'
import type { OperationContext } from './context.ts'
import { iso, noInput, time } from './fields.ts'
import { GpuSummary, summaryOf } from './gpu-summary.ts'
import { GpuView, holders, measuredAt } from './node-view.ts'
import { unary } from './operation.ts'

export const meshHealth = unary({
  name: 'mesh.health',
  about: 'Say whether the peer that answers follows a mesh that works.',
  input: noInput,
  output: z.object({
    status: z.enum(['healthy', 'degraded']).describe('degraded: it knows no leader, or has stopped to follow'),
    uptime_secs: z.int().describe('Of the daemon that answers'),
  }),
  permission: { verb: 'read', resource: 'mesh' },
  rest: { method: 'GET', path: '/api/health' },
  handler(_, { control, clock, startedAt }) {
    const isWell = control.status().leader !== null && control.outdated === null
    const uptime = Math.max(0, Math.floor((clock.now() - startedAt) / second))
    return Promise.resolve({ status: isWell ? ('healthy' as const) : ('degraded' as const), uptime_secs: uptime })
  },
})

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

export const meshMetrics = unary({
  name: 'mesh.metrics',
  about: 'Show what all nodes last measured of their GPUs, and the sum of it.',
  input: noInput,
  output: MeshMetrics,
  permission: { verb: 'read', resource: 'node' },
  rest: { method: 'GET', path: '/api/metrics' },
  handler: (_, context) => Promise.resolve(metricsOf(context)),
})

type Context = Pick<OperationContext, 'control' | 'membership' | 'clock'>

/** Many watch at a time: within a second all of them get the same. */
const known = new WeakMap<OperationContext['membership'], MeshMetrics & { readonly at: Instant }>()
const fresh: Millis = second

export function metricsOf(context: Context): MeshMetrics {
  const now = context.clock.now()
  const last = known.get(context.membership)
  if (last !== undefined && Math.abs(now - last.at) < fresh) return last
  const next = { ...measured(context), at: now }
  known.set(context.membership, next)
  return next
}

function measured({ control, membership, clock }: Context): MeshMetrics {
  const { state } = control
  const held = holders(state)
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
