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

/** Throws what the stream throws before its first item or within the grace; later failures are written. */
export async function sendItems(reply: FastifyReply, { items, failure }: ItemSink): Promise<void> {
  const iterator = items[Symbol.asyncIterator]()
  const first = iterator.next()
  await Promise.race([first, new Promise((resolve) => setTimeout(resolve, refusalGrace))])

  reply.hijack()
  const { raw } = reply
  raw.writeHead(200, { 'content-type': 'application/x-ndjson; charset=utf-8', 'cache-control': 'no-store' })
  raw.flushHeaders()
  const heart = setInterval(() => raw.writableNeedDrain || raw.write('\n'), pulse)
  try {
    for (let next = await first; next.done !== true; next = await iterator.next()) await writeLine(raw, next.value)
  } catch (error) {
    if (!raw.destroyed) await writeLine(raw, bodyOf(failure(error)))
  } finally {
    clearInterval(heart)
    await iterator.return?.()
    raw.end()
  }
}

async function writeLine(raw: ServerResponse, value: unknown): Promise<void> {
  if (raw.destroyed) return
  if (raw.write(`${JSON.stringify(value)}\n`)) return
  const done = new AbortController()
  try {
    await Promise.race([once(raw, 'drain', done), once(raw, 'close', done)])
  } finally {
    done.abort()
  }
}
