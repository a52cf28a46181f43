/** Takes requests at ports of this host: HTTP and WebSocket by http-proxy-3, anything else connection by connection. */
import type { ServiceDoor } from '../../ports/service-door.ts'
import { HttpDoor } from './http-door.ts'
import { listening } from './listening.ts'
import { TcpDoor } from './tcp-door.ts'

export const serviceDoor: ServiceDoor = {
  async open(options, backend, onFailure) {
    const door = options.protocol === 'tcp' ? new TcpDoor(backend, onFailure) : new HttpDoor(backend, onFailure)
    await listening(door.server, options)
    return door
  },
}
