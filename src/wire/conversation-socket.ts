/**
 * A conversation over a WebSocket, between the API and its clients. Binary: one byte for the channel, then the data. Text: what the sides say
 * of the conversation itself, as JSON.
 */
import { z } from 'zod'
import { shallowJson } from '../lib/nesting.ts'
import type { Carrier, ConversationFrame, ConversationSide } from './conversation.ts'
import { longestPiece, Misconduct } from './conversation.ts'

/** `input` opens it and comes first from the client; `end` or `error` is the last word of the server. */
const Notice = z.union([
  z.strictObject({ input: z.unknown() }),
  z.strictObject({ credit: z.tuple([z.union([z.literal(0), z.literal(1)]), z.int().min(0)]) }),
  z.strictObject({ end: z.literal(true) }),
  z.strictObject({
    error: z.object({
      code: z.string(),
      message: z.string(),
      hint: z.string(),
      facts: z.unknown().optional(),
    }),
  }),
])
export type ConversationNotice = z.infer<typeof Notice>

/** What this needs of a WebSocket, of whichever library. */
export interface Socket {
  readonly readyState: number
  readonly OPEN: number
  readonly bufferedAmount: number
  send(data: string | Uint8Array, done?: () => void): void
}

/** A socket that has this much unsent gets no more until it has taken some. */
const mostUnsent = 1_048_576

export function say(socket: Socket, notice: ConversationNotice): void {
  if (socket.readyState === socket.OPEN) socket.send(JSON.stringify(notice))
}

/** Messages of this size and more are written into memory that was used before; shorter ones are cheap to make anew. */
const worthKeeping = 8_192
/** So many are kept to be used again, by whichever socket: one that is quiet keeps none. */
const mostKept = 16
const kept: Buffer[] = []

export function socketCarrier(socket: Socket): Carrier {
  let flushed: Promise<void> = Promise.resolve()
  return {
    emit(frame) {
      if (socket.readyState !== socket.OPEN) return
      if (frame.type === 'credit') return say(socket, { credit: [frame.channel, frame.bytes] })
      const { channel, data } = frame
      const isLong = data.length >= worthKeeping
      const memory = isLong
        ? (kept.pop() ?? Buffer.allocUnsafeSlow(1 + longestPiece))
        : Buffer.allocUnsafe(1 + data.length)
      memory[0] = channel
      memory.set(data, 1)
      const { promise, resolve } = Promise.withResolvers<undefined>()
      flushed = promise
      socket.send(memory.subarray(0, 1 + data.length), () => {
        if (isLong && kept.length < mostKept) kept.push(memory)
        resolve(undefined)
      })
    },
    async ready() {
      if (socket.bufferedAmount > mostUnsent) await flushed
    },
  }
}

/** Gives a binary message to this side. Throws Misconduct. */
export function takeBinary(side: ConversationSide, message: Uint8Array): void {
  const [channel] = message
  if (channel === undefined) throw new Misconduct('an empty message has no channel')
  side.take({ type: 'data', channel, data: message.subarray(1) })
}

/** Null for what is no such notice. */
export function readNotice(text: string): ConversationNotice | null {
  try {
    return Notice.safeParse(shallowJson(text)).data ?? null
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
}

export const creditOf = ([channel, bytes]: readonly [0 | 1, number]): ConversationFrame => ({
  type: 'credit',
  channel,
  bytes,
})
