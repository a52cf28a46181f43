/** Whether this machine's network carries multicast, without which nothing is found by mDNS. */
import { createSocket } from 'node:dgram'
import { networkInterfaces } from 'node:os'

/** Does a multicast packet of this machine come back to it? Containers often have no such network. */
export async function hasMulticast(): Promise<boolean> {
  const isOutside = Object.values(networkInterfaces()).some((list) => list?.some(({ internal }) => !internal))
  if (!isOutside) return false
  const socket = createSocket({ type: 'udp4', reuseAddr: true })
  try {
    return await new Promise((resolve) => {
      socket.on('error', () => resolve(false))
      socket.on('message', () => resolve(true))
      socket.bind(53_531, () => {
        try {
          socket.addMembership('224.0.0.251')
          socket.send('ping', 53_531, '224.0.0.251', (error) => {
            if (error !== null) resolve(false)
          })
        } catch {
          // There is no network that takes part in multicast.
          resolve(false)
        }
      })
      setTimeout(() => resolve(false), 1_000)
    })
  } finally {
    socket.close()
  }
}
