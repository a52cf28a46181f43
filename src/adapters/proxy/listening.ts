/** Begins to listen, and says in our words why it cannot. */
import type { Server } from 'node:net'
import { ClawError } from '../../model/failure.ts'

/** Throws ADDRESS_IN_USE, or what else the system says. */
export function listening(
  server: Server,
  { bind, port }: { readonly bind: string; readonly port: number },
): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const isTaken = ['EADDRINUSE', 'EACCES', 'EADDRNOTAVAIL'].includes(error.code ?? '')
      const address = `${bind}:${port}`
      reject(isTaken ? new ClawError('ADDRESS_IN_USE', { address }, { cause: error }) : error)
    })
    server.listen({ host: bind, port, exclusive: true }, () => resolve())
  })
}
