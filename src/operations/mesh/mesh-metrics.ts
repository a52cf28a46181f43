/** Whether a peer works, and what all nodes last measured, for programs that watch. Their field names are those of the first gateway. */
import { z } from 'zod'
import { second } from '../../model/time.ts'
import { noInput } from '../fields.ts'
import { MeshMetrics } from './measured.ts'
import { unary } from '../operation.ts'

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

export const meshMetrics = unary({
  name: 'mesh.metrics',
  about: 'Show what all nodes last measured of their GPUs, and the sum of it.',
  input: noInput,
  output: MeshMetrics,
  permission: { verb: 'read', resource: 'node' },
  rest: { method: 'GET', path: '/api/metrics' },
  handler: (_, context) => Promise.resolve(context.measured.read()),
})
