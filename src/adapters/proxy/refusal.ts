/** What is answered when no replica can answer: the same JSON as the API gives for its failures. */
import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { ClawError } from '../../model/failure.ts'

type Status = 400 | 404 | 408 | 502 | 503 | 504

const words: Readonly<Record<Status, string>> = {
  400: 'Bad Request',
  404: 'Not Found',
  408: 'Request Timeout',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
}

function bodyOf(detail: string): string {
  const { code, message, hint } = new ClawError('SERVICE_UNAVAILABLE', { detail })
  return `${JSON.stringify({ error: { code, message, hint } })}\n`
}

export function refuse(response: ServerResponse, status: Status, detail: string): void {
  const body = bodyOf(detail)
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    ...(status === 503 ? { 'retry-after': '1' } : {}),
    // What is left of the request is not read.
    connection: 'close',
  })
  response.end(body)
}

export function refuseUpgrade(socket: Duplex, status: Status, detail: string): void {
  const body = bodyOf(detail)
  socket.end(
    `HTTP/1.1 ${status} ${words[status]}\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n` +
      `connection: close\r\n\r\n${body}`,
  )
}

/** Past the response, which may be waiting for a replica: the connection ends with this. */
export function cutOff(socket: Socket, status: Status, detail: string): void {
  refuseUpgrade(socket, status, detail)
  socket.destroySoon()
}
