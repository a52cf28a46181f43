/** What cannot be read as HTTP at all is refused in the same form as everything else. */
import type { Socket } from 'node:net'
import { ClawError } from '../../model/failure.ts'
import { bodyOf } from './errors.ts'

const refusals: Readonly<Record<string, readonly [status: string, problem: string]>> = {
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'it did not arrive in time'],
  NO_UPGRADE: ['400 Bad Request', 'only a GET can become a WebSocket'],
  HPE_HEADER_OVERFLOW: ['431 Request Header Fields Too Large', 'its header is too long'],
}

/** Answers, if anybody is there to read it, and closes the connection: where the next request would begin is not known. */
export function refuseUnreadable(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return
  const [status, problem] = refusals[error.code ?? ''] ?? ['400 Bad Request', 'it is not HTTP']
  const body = JSON.stringify(bodyOf(new ClawError('INVALID_REQUEST', { problem })))
  const head = [`HTTP/1.1 ${status}`, 'connection: close', 'content-type: application/json; charset=utf-8']
  const length = `content-length: ${Buffer.byteLength(body)}`
  if (socket.writable) socket.write([...head, length, '', body].join('\r\n'))
  socket.destroy(error)
}
