/** One side of a conversation, whatever carries it: what it may send, what it holds for its reader, and the credit between the two. */
import { Inbox } from '../lib/inbox.ts'
import { ClawError } from '../model/failure.ts'
import type { Chunk, Conversation } from '../ports/conversation.ts'

export type ConversationFrame =
  /** Channel 0 is a message. */
  | { readonly type: 'data'; readonly channel: number; readonly data: Uint8Array }
  /** So many more bytes may be sent: of messages (0), or of all other channels together (1). */
  | { readonly type: 'credit'; readonly channel: 0 | 1; readonly bytes: number }

/** What a side takes before it has read any of it. */
export const conversationWindows = { messages: 65_536, bytes: 524_288 } as const
/** Longest message, and longest piece of bytes. */
export const longestPiece = 65_536
/** What is sent at once of more: with all that is put around it on its way, it is one message for Noise and one frame for yamux. */
export const usualPiece = 65_280
/** What a piece costs beside its bytes, so that empty ones cannot pile up. */
export const pieceCost = 16
const highestChannel = 255

/** A peer that sends what no honest one does. */
export class Misconduct extends Error {
  override readonly name = 'Misconduct'
}

export interface Carrier {
  /** Data is no longer in use when this returns: what is not sent at once has to be copied. */
  readonly emit: (frame: ConversationFrame) => void
  /** Resolves once what was emitted is on its way, so that more may follow. */
  readonly ready: () => Promise<void>
}

export class ConversationSide implements Conversation {
  readonly messages: AsyncIterable<Uint8Array>
  readonly chunks: AsyncIterable<Chunk>
  readonly #carrier: Carrier
  readonly #messages = new Pool(conversationWindows.messages)
  readonly #bytes = new Pool(conversationWindows.bytes)
  #isOver = false

  constructor(carrier: Carrier) {
    this.#carrier = carrier
    this.chunks = this.#read(this.#bytes, 1)
    this.messages = dataOf(this.#read(this.#messages, 0))
  }

  get isOver(): boolean {
    return this.#isOver
  }

  /** Lets the other side begin to send. */
  open(): void {
    this.#grant(0, conversationWindows.messages)
    this.#grant(1, conversationWindows.bytes)
  }

  async tell(message: Uint8Array): Promise<void> {
    if (message.length > longestPiece) throw new ClawError('TOO_LARGE', { what: 'A message', limit: longestPiece })
    await this.#emit(this.#messages, { channel: 0, data: message })
  }

  async send(channel: number, data: Uint8Array): Promise<void> {
    if (!isChannel(channel)) throw new Error(`there is no channel ${channel}`)
    for (let at = 0; at === 0 || at < data.length; at += usualPiece)
      await this.#emit(this.#bytes, { channel, data: data.subarray(at, at + usualPiece) })
  }

  /** Takes a frame of the other side. Throws Misconduct. */
  take(frame: ConversationFrame): void {
    if (this.#isOver) return
    const { type, channel } = frame
    const pool = channel === 0 ? this.#messages : this.#bytes
    if (type === 'credit') return pool.credited(frame.bytes)
    if (channel !== 0 && !isChannel(channel)) throw new Misconduct(`there is no channel ${channel}`)
    if (frame.data.length > longestPiece || !pool.arrived(frame)) throw new Misconduct('more was sent than may be')
  }

  /** The conversation has ended as it should. */
  end(): void {
    this.#over((inbox) => inbox.end())
  }

  fail(error: unknown): void {
    this.#over((inbox) => inbox.fail(error))
  }

  #over(settle: (inbox: Inbox<Chunk>) => void): void {
    if (this.#isOver) return
    this.#isOver = true
    for (const pool of [this.#messages, this.#bytes]) {
      settle(pool.inbox)
      pool.close()
    }
  }

  async #emit(pool: Pool, { channel, data }: Chunk): Promise<void> {
    // Looked at again after each wait: others may have sent meanwhile.
    do {
      await pool.mayEmit()
      if (!this.#isOver) await this.#carrier.ready()
      if (this.#isOver) return
    } while (pool.credit <= 0)
    pool.credit -= cost(data)
    this.#carrier.emit({ type: 'data', channel, data })
  }

  async *#read(pool: Pool, channel: 0 | 1): AsyncGenerator<Chunk> {
    for await (const chunk of pool.inbox) {
      yield chunk
      const bytes = pool.consumed(chunk.data)
      if (bytes > 0) this.#grant(channel, bytes)
    }
  }

  #grant(channel: 0 | 1, bytes: number): void {
    if (!this.#isOver) this.#carrier.emit({ type: 'credit', channel, bytes })
  }
}

/** Two sides in one process. */
export function conversationPair(): readonly [ConversationSide, ConversationSide] {
  const towards = (other: () => ConversationSide): Carrier => ({
    emit: (frame) => other().take(frame.type === 'data' ? { ...frame, data: Buffer.from(frame.data) } : frame),
    ready: () => Promise.resolve(),
  })
  const here: ConversationSide = new ConversationSide(towards(() => there))
  const there: ConversationSide = new ConversationSide(towards(() => here))
  here.open()
  there.open()
  return [here, there]
}

const isChannel = (channel: number): boolean => Number.isInteger(channel) && channel >= 1 && channel <= highestChannel

const cost = (data: Uint8Array): number => data.length + pieceCost

async function* dataOf(chunks: AsyncIterable<Chunk>): AsyncGenerator<Uint8Array> {
  for await (const { data } of chunks) yield data
}

/** Messages, or bytes: those that have arrived, and how many may still come and go. */
class Pool {
  readonly inbox = new Inbox<Chunk>()
  /** What this side may still send. The last piece may take it below zero. */
  credit = 0
  readonly #window: number
  #granted: number
  #unacknowledged = 0
  #isClosed = false
  readonly #waiting: (() => void)[] = []

  constructor(window: number) {
    this.#window = window
    this.#granted = window
  }

  /** Those who wait are let on one after the other, so that what they send stays in their order. */
  async mayEmit(): Promise<void> {
    while (!this.#isClosed && this.credit <= 0) await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }

  credited(bytes: number): void {
    if (!Number.isSafeInteger(bytes) || bytes < 0) throw new Misconduct('a credit is a number of bytes')
    this.credit = Math.min(this.credit + bytes, Number.MAX_SAFE_INTEGER)
    if (this.credit > 0) this.#wake()
  }

  /** Whether it may be here. */
  arrived({ channel, data }: Chunk): boolean {
    if (this.#granted <= 0) return false
    this.#granted -= cost(data)
    this.inbox.put({ channel, data })
    return true
  }

  /** What to grant after so much was read: nothing until half of the window is used, so that credits stay rare. */
  consumed(data: Uint8Array): number {
    this.#unacknowledged += cost(data)
    if (this.#unacknowledged < this.#window / 2) return 0
    const bytes = this.#unacknowledged
    this.#unacknowledged = 0
    this.#granted += bytes
    return bytes
  }

  close(): void {
    this.#isClosed = true
    this.#wake()
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve()
  }
}
