/** One channel of a conversation as a stream of Node's, for libraries that want a socket. */
import { Duplex } from 'node:stream'
import type { Conversation } from '../../ports/conversation.ts'

export interface ConversationStreamInit {
  readonly talk: Pick<Conversation, 'chunks' | 'send'>
  readonly channel: number
  /** Ends the conversation. */
  readonly leave: () => void
}

const nothing = new Uint8Array(0)

export function conversationStream({ talk, channel, leave }: ConversationStreamInit): Duplex {
  const chunks = talk.chunks[Symbol.asyncIterator]()
  const next = async (): Promise<Uint8Array | null> => {
    for (;;) {
      const next = await chunks.next()
      if (next.done === true) return null
      const { channel: from, data } = next.value
      if (from === channel) return data.length === 0 ? null : data
    }
  }
  const settle = (work: Promise<void>, done: (error?: Error | null) => void): void => {
    work.then(() => done(), done)
  }
  return new Duplex({
    allowHalfOpen: true,
    read() {
      next().then(
        (data) => this.push(data),
        (error: unknown) => this.destroy(error instanceof Error ? error : new Error(String(error))),
      )
    },
    write: (data: Uint8Array, _, done) => settle(talk.send(channel, data), done),
    final: (done) => settle(talk.send(channel, nothing), done),
    destroy: (error, done) => {
      leave()
      done(error)
    },
  })
}
