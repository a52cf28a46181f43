/** Conversations as operations see them: messages checked against their schemas, bytes as they come. */
import type { z } from 'zod'
import { shallowJson } from '../lib/nesting.ts'
import { ClawError } from '../model/failure.ts'
import type { Carry, Chunk, Conversation } from '../ports/conversation.ts'
import { conversationPair } from '../wire/conversation.ts'
import { parseInput } from './input.ts'

export interface Talk<Heard, Told> {
  /** What the other side tells. Throws INVALID_REQUEST for what it may not tell. */
  readonly messages: AsyncIterable<Heard>
  readonly chunks: AsyncIterable<Chunk>
  tell(message: Told): Promise<void>
  /** Nothing at all ends the channel. */
  send(channel: number, data: Uint8Array): Promise<void>
}

/** One side with its types. */
export function talkOver<Heard extends z.ZodType, Told extends z.ZodType>(
  side: Conversation,
  heard: Heard,
  told: Told,
): Talk<z.output<Heard>, z.input<Told>> {
  return {
    messages: parsed(side.messages, heard),
    chunks: side.chunks,
    tell: async (message) => side.tell(Buffer.from(JSON.stringify(told.parse(message)))),
    send: (channel, data) => side.send(channel, data),
  }
}

async function* parsed<Heard extends z.ZodType>(
  messages: AsyncIterable<Uint8Array>,
  heard: Heard,
): AsyncGenerator<z.output<Heard>> {
  for await (const message of messages) yield parseInput<Heard>(heard, jsonIn(message))
}

function jsonIn(message: Uint8Array): unknown {
  try {
    return shallowJson(Buffer.from(message).toString('utf8'))
  } catch (error) {
    throw new ClawError('INVALID_REQUEST', { problem: 'a message is not JSON' }, { cause: error })
  }
}

/** The asker's side of a conversation whose other side is carried on in this process. */
export function carriedHere(carry: Carry, signal: AbortSignal): Conversation {
  const [ours, theirs] = conversationPair()
  const onAbort = (): void => {
    for (const side of [ours, theirs]) side.fail(signal.reason)
  }
  signal.addEventListener('abort', onAbort, { once: true })
  carry(theirs)
    .then(
      () => ours.end(),
      (error: unknown) => ours.fail(error),
    )
    .finally(() => {
      theirs.end()
      signal.removeEventListener('abort', onAbort)
    })
  return ours
}

/** Has two conversations go on as one, until `callee` ends. Throws the failure with which that ended. */
export async function bridge(user: Conversation, callee: Conversation): Promise<void> {
  // Whoever waits for the user hears of its leaving through the signal with which the callee was asked.
  for (const forth of [passMessages(user, callee), passChunks(user, callee)]) forth.catch(() => {})
  await Promise.all([passMessages(callee, user), passChunks(callee, user)])
}

async function passMessages(from: Conversation, to: Conversation): Promise<void> {
  for await (const message of from.messages) await to.tell(message)
}

async function passChunks(from: Conversation, to: Conversation): Promise<void> {
  for await (const { channel, data } of from.chunks) await to.send(channel, data)
}
