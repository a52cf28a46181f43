/** A socket as something that is read in a loop and written to with patience. */

/** What this needs of a socket. */
interface Socket extends AsyncIterable<unknown> {
  readonly writable: boolean
  readonly writableLength: number
  write(data: Uint8Array): boolean
  end(): unknown
  destroy(): unknown
  on(event: string, listener: () => void): unknown
  off(event: string, listener: () => void): unknown
}

/** What is written and not yet taken before a writer has to wait. */
const mostUnsent = 262_144

export function byteStreamOf(socket: Socket) {
  // The reader hears of it; before there is one, and after it, nobody needs to.
  socket.on('error', () => {})
  return {
    received: socket as AsyncIterable<Uint8Array>,
    /** Returns once there is room for more. What the other side does not take any more is dropped. */
    async send(data: Uint8Array): Promise<void> {
      if (!socket.writable) return
      socket.write(data)
      while (socket.writable && socket.writableLength > mostUnsent) await roomIn(socket)
    },
    end: (): void => void socket.end(),
    close: (): void => void socket.destroy(),
  }
}

function roomIn(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      socket.off('drain', done)
      socket.off('close', done)
      resolve()
    }
    socket.on('drain', done)
    socket.on('close', done)
  })
}
