/** A stream as server-sent events: what a page or a script with few means can follow. */
import type { FastifyReply } from 'fastify'
import { bodyOf } from './errors.ts'
import type { ItemSink } from './ndjson.ts'
import { sendStream } from './ndjson.ts'

/** Each item is an event of this name; a failure, once the answer has begun, is an event `error`. */
export const sendEvents = (reply: FastifyReply, name: string, sink: ItemSink): Promise<void> =>
  sendStream(reply, sink, {
    type: 'text/event-stream; charset=utf-8',
    pulse: ':\n\n',
    item: (value) => `event: ${name}\ndata: ${JSON.stringify(value)}\n\n`,
    failure: (error) => `event: error\ndata: ${JSON.stringify(bodyOf(error))}\n\n`,
  })
