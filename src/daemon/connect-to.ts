/** Connections of this daemon's own services to ports of work on other nodes. */
import type { NodeId, PlacementId } from '../model/ids.ts'
import { callerOf } from '../operations/caller.ts'
import { bytesChannel } from '../operations/carry-bytes.ts'
import type { Invoker } from '../operations/invoker.ts'
import { ClawError } from '../model/failure.ts'
import type { Chunk, Conversation } from '../ports/conversation.ts'
import type { ByteStream } from '../ports/dial.ts'

/** The signal counts until it is connected. Throws PORT_UNREACHABLE, WORKLOAD_NOT_RUNNING, WORKLOAD_NOT_FOUND and NODE_UNREACHABLE. */
export type ConnectTo = (
  to: { readonly placement: PlacementId; readonly node: NodeId; readonly port: number },
  signal: AbortSignal,
) => Promise<ByteStream>

const caller = callerOf({ kind: 'service' })

export const connectThrough =
  (operations: Pick<Invoker, 'converse'>): ConnectTo =>
  async ({ placement, node, port }, signal) => {
    const life = new AbortController()
    const giveUp = (): void => life.abort(signal.reason)
    signal.throwIfAborted()
    signal.addEventListener('abort', giveUp, { once: true })
    try {
      const at = placement.lastIndexOf('.')
      const input = { node, workload: placement.slice(0, at), attempt: Number(placement.slice(at + 1)), port }
      const talk = await operations.converse('placement.connect', input, { caller, signal: life.signal })
      // The first message says that it is connected; a failure comes in its place.
      if ((await talk.messages[Symbol.asyncIterator]().next()).done === true)
        throw new ClawError('NODE_UNREACHABLE', { node, detail: 'it did not say whether the port answers' })
      return streamOver(talk, life)
    } catch (error) {
      life.abort(new Error('the connection was not made', { cause: error }))
      throw error
    } finally {
      signal.removeEventListener('abort', giveUp)
    }
  }

const nothing = new Uint8Array(0)

function streamOver(talk: Pick<Conversation, 'chunks' | 'send'>, life: AbortController): ByteStream {
  let broken: { readonly error: unknown } | null = null
  const over = { here: false, there: false }
  const chunks = talk.chunks[Symbol.asyncIterator]()
  return {
    received: bytesOf(chunks, () => {
      over.there = true
      untilOver(chunks).catch((error: unknown) => (broken = { error }))
    }),
    async send(data) {
      if (broken !== null) throw broken.error
      if (data.length > 0) await talk.send(bytesChannel, data)
    },
    end() {
      over.here = true
      talk.send(bytesChannel, nothing).catch((error: unknown) => life.abort(error))
    },
    close() {
      // When all is said, the other side ends it, once it has passed on the last of it.
      if (!over.here || !over.there) life.abort(new Error('the connection is closed'))
    },
  }
}

async function* bytesOf(chunks: AsyncIterator<Chunk>, onEnd: () => void): AsyncGenerator<Uint8Array> {
  for (;;) {
    const next = await chunks.next()
    if (next.done === true) return
    const { channel, data } = next.value
    if (channel !== bytesChannel) continue
    if (data.length === 0) return onEnd()
    yield data
  }
}

/** Whoever still sends after the last byte has come wants to know when that has become pointless. */
async function untilOver(chunks: AsyncIterator<Chunk>): Promise<void> {
  for (let next = await chunks.next(); next.done !== true;) next = await chunks.next()
}
