/** A connection to a port of this host as a stream of bytes. */
import { once } from 'node:events'
import { connect } from 'node:net'
import { ClawError } from '../../model/failure.ts'
import type { ByteStream } from '../../ports/byte-stream.ts'

const connectMs = 5_000

/** Throws SERVICE_UNAVAILABLE. */
export async function dial(
  { host, port }: { readonly host: string; readonly port: number },
  signal: AbortSignal,
): Promise<ByteStream> {
  const socket = connect({ host, port, noDelay: true, keepAlive: true, allowHalfOpen: true })
  try {
    await once(socket, 'connect', { signal: AbortSignal.any([signal, AbortSignal.timeout(connectMs)]) })
  } catch (error) {
    socket.destroy()
    signal.throwIfAborted()
    const detail = error instanceof Error ? error.message : 'no connection'
    throw new ClawError('SERVICE_UNAVAILABLE', { detail }, { cause: error })
  }
  // Whoever reads or writes hears of it.
  socket.on('error', () => {})
  return {
    incoming: socket as AsyncIterable<Uint8Array>,
    write: (data) =>
      new Promise((resolve, reject) => socket.write(data, (error) => (error ? reject(error) : resolve()))),
    end: () => void socket.end(),
    abort: () => void socket.destroy(),
  }
}
