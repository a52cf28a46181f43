/** A socket as something that is read in a loop and written to with patience. */

/** What this needs of whatever is written to. */
interface Sink {
  readonly writable: boolean
  readonly writableLength: number
  write(data: Uint8Array): boolean
  on(event: string, listener: () => void): unknown
  off(event: string, listener: () => void): unknown
}

interface Socket extends Sink, AsyncIterable<unknown> {
  end(): unknown
  destroy(): unknown
}

/** What is written and not yet taken before a writer has to wait. */
const mostUnsent = 262_144

export function byteStreamOf(socket: Socket) {
  // The reader hears of it; before there is one, and after it, nobody needs to.
  socket.on('error', () => {})
  return {
    received: socket as AsyncIterable<Uint8Array>,
    send: (data: Uint8Array): Promise<void> => sendTo(socket, data),
    end: (): void => void socket.end(),
    close: (): void => void socket.destroy(),
  }
}

/** Returns once there is room for more. What the other side does not take any more is dropped. */
export async function sendTo(sink: Sink, data: Uint8Array): Promise<void> {
  if (!sink.writable) return
  sink.write(data)
  while (sink.writable && sink.writableLength > mostUnsent) await roomIn(sink)
}

/** Returns when what was written is taken, or nothing is any more. */
export function roomIn(socket: Pick<Sink, 'on' | 'off'>): Promise<void> {
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
