/** Connections of this daemon's own services to ports of work, here or on another node. */
import type { Duplex } from 'node:stream'
import { conversationStream } from '../adapters/system/conversation-stream.ts'
import type { NodeId, PlacementId } from '../model/ids.ts'
import { bytesChannel } from '../operations/carry-bytes.ts'
import type { Invoker } from '../operations/invoke.ts'

/** Throws PORT_UNREACHABLE, WORKLOAD_NOT_RUNNING, WORKLOAD_NOT_FOUND and NODE_UNREACHABLE. Aborting the signal breaks the connection. */
export type ConnectTo = (placement: PlacementId, node: NodeId, port: number, signal: AbortSignal) => Promise<Duplex>

const caller = { id: 'service', role: 'operator' } as const

export const connectThrough =
  (operations: Pick<Invoker, 'converse'>): ConnectTo =>
  async (placement, node, port, signal) => {
    const off = new AbortController()
    const asker = { caller, signal: AbortSignal.any([signal, off.signal]) }
    const at = placement.lastIndexOf('.')
    const input = { node, workload: placement.slice(0, at), attempt: Number(placement.slice(at + 1)), port }
    const talk = await operations.converse('placement.connect', input, asker)
    // The first message says that it is connected; a failure comes in its place.
    await talk.messages[Symbol.asyncIterator]().next()
    return conversationStream({
      talk,
      channel: bytesChannel,
      leave: () => off.abort(new Error('the connection is closed')),
    })
  }
