/** Whether nothing listens on a port of this host. */
import { createServer } from 'node:net'

/** On any address: what is taken on one of them would fail for a program that listens on all. */
export function isPortFree(port: number): Promise<boolean> {
  const server = createServer()
  return new Promise((resolve) => {
    server.once('error', () => resolve(false))
    server.listen({ port, host: '0.0.0.0', exclusive: true }, () => server.close(() => resolve(true)))
  })
}
