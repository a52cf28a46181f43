/** What the conformance suite of Rpc calls, and the world it calls in. */
import type { NodeId } from '../../src/model/ids.ts'
import type { Codec } from '../../src/ports/codec.ts'
import type { NoticeProtocol, Protocol, Rpc, StreamProtocol } from '../../src/ports/rpc.ts'

/** Two peers that can reach each other, and the time they live in. */
export interface RpcPair {
  readonly a: { readonly id: NodeId; readonly rpc: Rpc }
  readonly b: { readonly id: NodeId; readonly rpc: Rpc }
  /** Lets time pass until the work is done. With real time: waits for it. */
  play<T>(work: Promise<T>): Promise<T>
  /** Lets time pass until the condition holds; throws when it never does. */
  until(holds: () => boolean): Promise<void>
  /** Breaks the connection between the two by force. */
  cut(): void
  close(): Promise<void>
}

export const text: Codec<string> = {
  encode: (value) => Buffer.from(value),
  decode(bytes) {
    const value = Buffer.from(bytes).toString()
    if (value.startsWith('!')) throw new Error('not such a message')
    return value
  },
}
/** Writes what `text` will not read. */
export const broken: Codec<string> = { ...text, encode: (value) => Buffer.from(`!${value}`) }

export const call: Protocol<string, string> = {
  kind: 'call',
  id: '/clawbernetes/conformance/call/1.0.0',
  audience: 'members',
  lane: 'control',
  maxBytes: 4_096,
  maxInbound: 8,
  timeout: 2_000,
  request: text,
  response: text,
}
export const stream: StreamProtocol<string, string> = {
  kind: 'stream',
  id: '/clawbernetes/conformance/stream/1.0.0',
  audience: 'members',
  lane: 'bulk',
  maxBytes: 4_096,
  maxInbound: 4,
  request: text,
  item: text,
}
export const notice: NoticeProtocol<string> = {
  kind: 'notice',
  id: '/clawbernetes/conformance/notice/1.0.0',
  audience: 'members',
  lane: 'control',
  maxBytes: 4_096,
  maxInbound: 8,
  message: text,
}

export const never = new AbortController().signal

/** Stays until the caller leaves. */
export const untilAborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('the caller has left'))))

export const failureOf = async (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'no failure',
    (error: unknown) => error,
  )

export async function collect(items: AsyncIterable<string>, into: string[]): Promise<void> {
  for await (const item of items) into.push(item)
}
