/** Puts a connection and one channel of a conversation together, until both directions have ended. */
import type { ByteStream } from '../ports/dial.ts'
import type { Conversation } from '../ports/conversation.ts'

/** The channel on which both sides of such a conversation speak. */
export const bytesChannel = 1

const nothing = new Uint8Array(0)

/** Throws when either breaks; the connection is closed then, and when all is said. */
export async function carryBytes(stream: ByteStream, talk: Pick<Conversation, 'chunks' | 'send'>): Promise<void> {
  try {
    await Promise.all([receive(stream, talk), send(stream, talk)])
  } finally {
    stream.close()
  }
}

async function receive({ received }: ByteStream, talk: Pick<Conversation, 'send'>): Promise<void> {
  for await (const data of received) if (data.length > 0) await talk.send(bytesChannel, data)
  await talk.send(bytesChannel, nothing)
}

async function send(stream: ByteStream, { chunks }: Pick<Conversation, 'chunks'>): Promise<void> {
  for await (const { channel, data } of chunks) {
    if (channel !== bytesChannel) continue
    if (data.length === 0) break
    await stream.send(data)
  }
  stream.end()
}
