/** Connections to the ports of workloads, from wherever in the mesh. */
import { z } from 'zod'
import { ClawError } from '../../model/failure.ts'
import { nodeId, placementId, workloadId } from '../../model/ids.ts'
import type { PlacementId } from '../../model/ids.ts'
import { carryBytes } from '../carry-bytes.ts'
import type { ByteStream } from '../../ports/dial.ts'
import { runningPlacement } from './exec-request.ts'
import { workloadRef } from '../fields.ts'
import { findWorkload } from '../find.ts'
import { duplex } from '../operation.ts'
import type { Talk } from '../talk.ts'
import { ofWorkload } from '../touched.ts'

const port = z.int().min(1).max(65_535).describe('Port that the workload listens on')

const Connected = z.object({
  type: z.literal('connected'),
  placement: z.string().describe('The attempt that answers: a restart or a move has another'),
})

const nothingToTell = z.never()

const channels = { 1: 'the connection, both ways; nothing at all is the end of a direction' }

export const workloadConnect = duplex({
  name: 'workload.connect',
  about: 'Open a TCP connection to a port of a workload, wherever it runs.',
  input: z.strictObject({ workload: workloadRef, port }),
  message: nothingToTell,
  output: Connected,
  channels,
  permission: { verb: 'connect', resource: 'workload' },
  namespace: ofWorkload,
  where: ({ workload }, context) => nodeOf(findWorkload(context, workload)),
  handler: async ({ workload, port: wanted }, context, { signal }, talk) => {
    const placement = runningPlacement(findWorkload(context, workload))
    await carried(await context.agent.connect(placement, wanted, signal), { placement, port: wanted }, talk)
  },
})

/** What the service proxy of a peer uses. */
export const placementConnect = duplex({
  name: 'placement.connect',
  about: 'Open a TCP connection to a port of one attempt of a workload, at the node that runs it.',
  input: z.strictObject({
    node: z.string().max(128),
    workload: z.string().max(128),
    attempt: z.int().min(1),
    port,
  }),
  message: nothingToTell,
  output: Connected,
  channels,
  permission: { verb: 'connect', resource: 'service' },
  namespace: ({ workload }, { control }) => control.state.workloads.get(workloadId(workload))?.spec.namespace ?? null,
  where: ({ node }) => nodeId(node),
  isPlaced: true,
  handler: async ({ workload, attempt, port: wanted }, { agent }, { signal }, talk) => {
    const placement = placementId(workloadId(workload), attempt)
    await carried(await agent.connect(placement, wanted, signal), { placement, port: wanted }, talk)
  },
})

/** The node that runs it. Throws WORKLOAD_NOT_RUNNING for a workload without one. */
export function nodeOf({ name, state, placement }: ReturnType<typeof findWorkload>): ReturnType<typeof nodeId> {
  if (placement === null) throw new ClawError('WORKLOAD_NOT_RUNNING', { workload: name, state })
  return placement.node
}

async function carried(
  stream: ByteStream,
  { placement, port: wanted }: { readonly placement: PlacementId; readonly port: number },
  talk: Talk<never, z.infer<typeof Connected>>,
): Promise<void> {
  await talk.tell({ type: 'connected', placement })
  try {
    await carryBytes(stream, talk)
  } catch (error) {
    // Whoever listens there may break the connection at any time, and the other end has to hear of it.
    if (!(error instanceof Error && 'syscall' in error)) throw error
    const address = `port ${wanted} of ${placement}`
    throw new ClawError('PORT_UNREACHABLE', { address, detail: error.message }, { cause: error })
  }
}
