/**
 * Two sides that talk for a while: messages, which are JSON, and bytes on small numbered channels, both ways at once. Messages never wait
 * for bytes that nobody reads.
 */

export interface Chunk {
  /** 1 to 255. */
  readonly channel: number
  /** Nothing at all says that no more comes on this channel. */
  readonly data: Uint8Array
}

/** One side. What is sent after the end is dropped. */
export interface Conversation {
  /**
   * What the other side tells, in order, for one reader. Ends with the conversation, and throws the failure with which that broke: what was
   * there before is read first.
   */
  readonly messages: AsyncIterable<Uint8Array>
  /** The bytes that the other side sends, in the same way. */
  readonly chunks: AsyncIterable<Chunk>
  /** Returns once the other side has room for it. Throws TOO_LARGE. */
  tell(message: Uint8Array): Promise<void>
  /** The same for bytes, of any length: they may arrive in other pieces. Their memory may be used again once this has returned. */
  send(channel: number, data: Uint8Array): Promise<void>
}

/** The side of whoever serves. */
export interface ServedConversation extends Conversation {
  /** Breaks it off: its reader gets this, and what is sent from now on is dropped. */
  fail(error: unknown): void
}

/** Carries a conversation on at that side, until it has ended. Throws the failure with which it does. */
export type Carry = (side: ServedConversation) => Promise<void>
