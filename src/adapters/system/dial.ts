/** TCP connections of this host. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { byteStreamOf } from '../../lib/byte-stream.ts'
import { ClawError } from '../../model/failure.ts'
import type { ByteStream, Dial } from '../../ports/dial.ts'
import type { PortAddress } from '../../ports/executor.ts'

/** How long the other side may take to accept. */
const patience = 10_000

export const dial: Dial = async ({ host, port }, signal) => {
  signal.throwIfAborted()
  const socket = connect({ host, port, noDelay: true, allowHalfOpen: true })
  const late = AbortSignal.timeout(patience)
  try {
    await once(socket, 'connect', { signal: AbortSignal.any([signal, late]) })
  } catch (error) {
    socket.destroy()
    signal.throwIfAborted()
    throw refusal({ host, port }, late.aborted ? 'nothing answers' : error)
  }
  return streamOf(socket, signal)
}

function refusal({ host, port }: PortAddress, reason: unknown): ClawError {
  const code = reason instanceof Error && 'code' in reason ? String(reason.code) : ''
  const detail =
    code === 'ECONNREFUSED' ? 'nothing listens there' : reason instanceof Error ? reason.message : String(reason)
  return new ClawError('PORT_UNREACHABLE', { address: `${host}:${port}`, detail }, { cause: reason })
}

function streamOf(socket: Socket, signal: AbortSignal): ByteStream {
  const close = (): void => void socket.destroy()
  signal.addEventListener('abort', close, { once: true })
  socket.once('close', () => signal.removeEventListener('abort', close))
  return byteStreamOf(socket)
}
