/** A stream of the engine that comes in very many small pieces, over a connection of its own, read by the burst. */
import type Dockerode from 'dockerode'
import { bursts } from './bursts.ts'
import { bodyOf, headOf, refusalOf } from './engine-answer.ts'
import { connectTo } from './engine-door.ts'

export interface EngineStream {
  /** Throws what ended it, also when it was cut off. */
  readonly body: AsyncIterable<Buffer>
  close(): void
}

/** What gathers while the reader is busy. */
const readableHighWaterMark = 1_048_576

/** Opens it, once the engine has said that there is something. Throws as calls through dockerode do: with the status, and what the engine says. */
export async function engineStream(docker: Dockerode, path: string, signal: AbortSignal): Promise<EngineStream> {
  const socket = connectTo(docker, { readableHighWaterMark })
  const destroy = (): void => void socket.destroy(signal.reason as Error)
  signal.addEventListener('abort', destroy, { once: true })
  socket.once('close', () => signal.removeEventListener('abort', destroy))
  socket.on('error', () => {})
  if (signal.aborted) destroy()
  socket.write(`GET ${path} HTTP/1.1\r\nHost: docker\r\nAccept: */*\r\nConnection: close\r\n\r\n`)
  const pieces = bursts(socket)
  try {
    const head = await headOf(pieces)
    const body = bodyOf(pieces, head)
    if (head.status !== 200) throw await refusalOf(head.status, body)
    return { body, close: () => void socket.destroy() }
  } catch (error) {
    socket.destroy()
    throw error
  }
}
