/** Ports of this machine that lead to ports of a workload. Each connection finds the workload anew, so they outlive its restarts and moves. */
import { once } from 'node:events'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { byteStreamOf } from '../../../lib/byte-stream.ts'
import { ClawError, isClawError } from '../../../model/failure.ts'
import { carryBytes } from '../../../operations/carry-bytes.ts'
import type { Api } from '../peer/api.ts'

export interface Forward {
  /** Here; 0 lets the system choose. */
  readonly local: number
  readonly remote: number
}

/** `8080`, `8080:80`, `0:80` or `:80`. Throws INVALID_REQUEST. */
export function parseForward(text: string): Forward {
  const [, local = '', remote = ''] = /^(?:(\d{0,5}):)?(\d{1,5})$/.exec(text) ?? []
  const forward = { local: Number(text.includes(':') ? local : remote), remote: Number(remote) }
  if (remote !== '' && forward.remote >= 1 && forward.remote <= 65_535 && forward.local <= 65_535) return forward
  throw new ClawError('INVALID_REQUEST', { problem: `${text} names no ports: write 8080, 8080:80, or 0:80` })
}

export interface Forwarding {
  readonly api: Api
  readonly workload: string
  readonly host: string
  readonly signal: AbortSignal
  /** A connection that could not be made, or broke. */
  readonly onFailure: (failure: Error, forward: Forward) => void
}

/** Listens until the signal is aborted. Throws ADDRESS_IN_USE. Returns the port that it has. */
export async function listen(forward: Forward, forwarding: Forwarding): Promise<number> {
  const { host, signal } = forwarding
  const sockets = new Set<Socket>()
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    connect(socket, forward, forwarding).catch((error: unknown) => {
      socket.destroy()
      if (!signal.aborted) forwarding.onFailure(error instanceof Error ? error : new Error(String(error)), forward)
    })
  })
  await bound(server, host, forward.local)
  signal.addEventListener('abort', () => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  return (server.address() as AddressInfo).port
}

async function bound(server: Server, host: string, port: number): Promise<void> {
  try {
    server.listen(port, host)
    await once(server, 'listening')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    if (code === 'EADDRINUSE') throw new ClawError('ADDRESS_IN_USE', { address: `${host}:${port}` }, { cause: error })
    throw new ClawError(
      'INVALID_REQUEST',
      { problem: `nothing can listen at ${host}:${port} (${code})` },
      { cause: error },
    )
  }
}

async function connect(socket: Socket, { remote }: Forward, { api, workload, signal }: Forwarding): Promise<void> {
  const stream = byteStreamOf(socket)
  const off = new AbortController()
  const leave = (): void => off.abort(new Error('the connection is closed'))
  socket.once('close', leave)
  try {
    const input = { workload, port: remote }
    const talk = await api.converse('workload.connect', input, AbortSignal.any([signal, off.signal]))
    await carryBytes(stream, talk)
  } catch (error) {
    // Whoever connected here has gone: that is how most connections end.
    if (!off.signal.aborted || isClawError(error)) throw error
  } finally {
    leave()
  }
}
