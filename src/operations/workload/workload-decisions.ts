/** What the scheduler decided on a workload, and why. */
import { z } from 'zod'
import { decisionsOn } from '../../core/state/decisions.ts'
import { iso, time, workloadRef } from '../fields.ts'
import { findFreshWorkload } from '../find.ts'
import { unary } from '../operation.ts'
import { ofWorkload } from '../touched.ts'

export const workloadDecisions = unary({
  name: 'workload.decisions',
  about: 'List the last decisions on a workload: where it went and why, what moved it, and why it waited.',
  input: z.strictObject({ workload: workloadRef }),
  output: z.array(
    z.object({
      at: time,
      type: z.string().describe('placed, rejected, withdrawn, evicted, lost, retried or waits'),
      message: z.string(),
    }),
  ),
  permission: { verb: 'read', resource: 'workload' },
  namespace: ofWorkload,
  rest: { method: 'GET', path: '/api/workloads/:workload/decisions' },
  async handler({ workload: wanted }, context, { signal }) {
    const { id } = await findFreshWorkload(context, wanted, signal)
    return decisionsOn(context.control.state, id).map(({ at, type, message }) => ({
      ...{ at: iso(at), type: type.slice('workload.'.length), message },
    }))
  },
})
