/** How a node takes part in the MOLT network of its mesh. Each node decides for itself, and lends its own GPUs. */
import { z } from 'zod'
import type { NodeId } from '../../model/ids.ts'
import { moltModes } from '../../model/molt.ts'
import type { OperationContext } from '../context.ts'
import { nodeRef } from '../fields.ts'
import { becomeFresh, findNode, refresh } from '../find.ts'
import { unary } from '../operation.ts'
import { createNetwork, moltNetworkCreate, onNetwork } from './molt-network.ts'
import { MoltStatusView, statusView } from './molt-view.ts'

const node = nodeRef.optional().describe('The node that is meant; the one that is asked when left out')
const where = ({ node: of }: { readonly node?: string | undefined }, { control, self }: OperationContext): NodeId =>
  of === undefined ? self : findNode(control.state, of)

export const moltStatus = unary({
  name: 'molt.status',
  about: 'Show how a node takes part in the MOLT network of the mesh, and whom it reaches there.',
  input: z.strictObject({ node }),
  output: MoltStatusView,
  permission: { verb: 'read', resource: 'molt' },
  rest: { method: 'GET', path: '/api/molt' },
  where,
  async handler(_, context, { signal }) {
    await refresh(context, signal)
    return statusView(context)
  },
})

export const moltJoin = unary({
  name: 'molt.join',
  about: 'Have a node take part in the MOLT network of the mesh. Makes the network where the mesh has none.',
  input: z.strictObject({
    mode: z.enum(moltModes).describe('What it lends of its own GPUs, if anything'),
    node,
  }),
  output: MoltStatusView,
  permission: { verb: 'change', resource: 'molt' },
  rest: { method: 'POST', path: '/api/molt/join' },
  where,
  async handler({ mode }, context, call) {
    await refresh(context, call.signal)
    // Whoever has not heard of one, or of who votes, does not make one.
    if (context.control.state.moltNetwork === null) await becomeFresh(context, call.signal)
    if (context.control.state.moltNetwork === null) {
      call.require(onNetwork, null)
      await createNetwork(moltNetworkCreate.input.parse({}), context, call)
    }
    await context.molt.join(mode)
    if (context.molt.status().isConnected) context.lending.view().unwind()
    return statusView(context)
  },
})

export const moltLeave = unary({
  name: 'molt.leave',
  about: 'Have a node take part in the MOLT network no more. A witness goes on as one.',
  input: z.strictObject({
    node,
    now: z
      .boolean()
      .default(false)
      .describe('End leased work at once, and wait for no buyer; else each has the time that was agreed'),
  }),
  output: MoltStatusView,
  permission: { verb: 'change', resource: 'molt' },
  rest: { method: 'POST', path: '/api/molt/leave' },
  where,
  async handler({ now: isNow }, context, { signal }) {
    if (context.molt.status().isConnected) await context.lending.view().wind({ isNow }, signal)
    await context.molt.leave()
    return statusView(context)
  },
})
