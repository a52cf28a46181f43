/** A wire between two hosts that a test can cut or freeze. */
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

export interface TcpProxy {
  readonly port: number
  /** Open now. */
  readonly connections: number
  /** Bytes that have come back from the target so far, on all connections. */
  readonly returned: number
  /** Breaks every connection, as when the process at the other end dies. */
  cut(): void
  /** Lets nothing through any more, and says nothing: as when a cable is pulled. */
  freeze(): void
  close(): Promise<void>
}

export async function tcpProxy(target: number): Promise<TcpProxy> {
  const sockets = new Set<Socket>()
  let frozen = false
  let returned = 0
  const server = createServer((near) => {
    const far = connect(target, '127.0.0.1')
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from)
      from.setNoDelay(true)
      from.on('data', (bytes) => {
        if (frozen) return
        if (from === far) returned += bytes.length
        to.write(bytes)
      })
      from.on('error', () => to.destroy())
      from.on('close', () => {
        sockets.delete(from)
        if (!frozen) to.destroy()
      })
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    get connections() {
      return sockets.size / 2
    },
    get returned() {
      return returned
    },
    cut() {
      for (const socket of sockets) socket.resetAndDestroy()
    },
    freeze() {
      frozen = true
    },
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
