/** Takes requests at ports of this host: HTTP and WebSocket by http-proxy-3, anything else connection by connection. */
import type { Server } from 'node:net'
import { ClawError } from '../../model/failure.ts'
import type { DoorOptions, ServiceDoor } from '../../ports/service-door.ts'
import { HttpDoor } from './http-door.ts'
import { TcpDoor } from './tcp-door.ts'

export const serviceDoor: ServiceDoor = {
  async open(options, backend) {
    const door = options.protocol === 'tcp' ? new TcpDoor(backend) : new HttpDoor(backend)
    await listening(door.server, options)
    return door
  },
}

function listening(server: Server, { bind, port }: DoorOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const isTaken = ['EADDRINUSE', 'EACCES', 'EADDRNOTAVAIL'].includes(error.code ?? '')
      const address = `${bind}:${port}`
      reject(isTaken ? new ClawError('ADDRESS_IN_USE', { address }, { cause: error }) : error)
    })
    server.listen({ host: bind, port, exclusive: true }, () => resolve())
  })
}
