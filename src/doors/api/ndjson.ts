/** A stream as HTTP: one JSON value a line, as fast as the reader takes them, ended when the reader goes. */
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import type { FastifyReply } from 'fastify'
import type { ClawError } from '../../model/failure.ts'
import { bodyOf } from './errors.ts'

/** A refusal that comes this soon gets a status of its own; after that the status is sent and a failure is the last line. */
const refusalGrace = 100

/** An empty line now and then tells a dead reader from an idle stream. */
const pulse = 15_000

export interface ItemSink {
  readonly items: AsyncIterable<unknown>
  /** Turns whatever was thrown into what may be told. */
  readonly failure: (error: unknown) => ClawError
}

/** How a stream is spelled. */
export interface Spelling {
  readonly type: string
  readonly pulse: string
  item(value: unknown): string
  failure(error: ClawError): string
}

export const sendItems = (reply: FastifyReply, sink: ItemSink): Promise<void> =>
  sendStream(reply, sink, {
    type: 'application/x-ndjson; charset=utf-8',
    pulse: '\n',
    item: (value) => `${JSON.stringify(value)}\n`,
    failure: (error) => `${JSON.stringify(bodyOf(error))}\n`,
  })

/** Throws what the stream throws before its first item or within the grace; later failures are written. */
export async function sendStream(reply: FastifyReply, { items, failure }: ItemSink, spelling: Spelling): Promise<void> {
  const iterator = items[Symbol.asyncIterator]()
  const first = iterator.next()
  await Promise.race([first, new Promise((resolve) => setTimeout(resolve, refusalGrace))])

  reply.hijack()
  const { raw } = reply
  raw.writeHead(200, { 'content-type': spelling.type, 'cache-control': 'no-store' })
  raw.flushHeaders()
  const heart = setInterval(() => raw.writableNeedDrain || raw.write(spelling.pulse), pulse)
  try {
    for (let next = await first; next.done !== true; next = await iterator.next())
      await writeAll(raw, spelling.item(next.value))
  } catch (error) {
    if (!raw.destroyed) await writeAll(raw, spelling.failure(failure(error)))
  } finally {
    clearInterval(heart)
    await iterator.return?.()
    raw.end()
  }
}

async function writeAll(raw: ServerResponse, text: string): Promise<void> {
  if (raw.destroyed) return
  if (raw.write(text)) return
  const done = new AbortController()
  try {
    await Promise.race([once(raw, 'drain', done), once(raw, 'close', done)])
  } finally {
    done.abort()
  }
}
