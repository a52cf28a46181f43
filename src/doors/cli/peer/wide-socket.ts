/** A connection that is read by the quarter of a megabyte: what is long comes in few pieces, and hardly ever has to be put together again. */
import { connect, type Socket, type TcpNetConnectOpts, type IpcNetConnectOpts } from 'node:net'

const slabBytes = 262_144
/** What is left of one is not worth a read of its own. */
const least = 65_536

export function wideSocket(to: Pick<IpcNetConnectOpts, 'path'> | Pick<TcpNetConnectOpts, 'host' | 'port'>): Socket {
  let slab = Buffer.allocUnsafeSlow(slabBytes)
  let used = 0
  const socket: Socket = connect({
    ...to,
    onread: {
      buffer() {
        if (slab.length - used < least) {
          slab = Buffer.allocUnsafeSlow(slabBytes)
          used = 0
        }
        return slab.subarray(used)
      },
      callback(count, buffer) {
        used += count
        return socket.push(buffer.subarray(0, count))
      },
    },
  })
  return socket
}
