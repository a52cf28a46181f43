/** A stream of the engine that comes in very many small pieces, over a connection of its own, read by the burst. */
import { connect, type Socket } from 'node:net'
import { connect as connectSafely } from 'node:tls'
import type Dockerode from 'dockerode'
import { bursts } from './bursts.ts'
import { ChunkedBody } from './chunked-body.ts'

export interface EngineStream {
  /** Throws what ended it, also when it was cut off. */
  readonly body: AsyncIterable<Buffer>
  close(): void
}

interface Door {
  readonly socketPath?: string
  readonly host?: string
  readonly port?: number | string
  readonly protocol?: string
}

/** What gathers while the reader is busy. */
const readableHighWaterMark = 1_048_576
const longestHead = 65_536

/** Opens it, once the engine has said that there is something. Throws as calls through dockerode do: with the status, and what the engine says. */
export async function engineStream(docker: Dockerode, path: string, signal: AbortSignal): Promise<EngineStream> {
  const socket = connectTo(docker.modem as Door)
  const destroy = (): void => void socket.destroy(signal.reason as Error)
  signal.addEventListener('abort', destroy, { once: true })
  socket.once('close', () => signal.removeEventListener('abort', destroy))
  socket.on('error', () => {})
  if (signal.aborted) destroy()
  socket.write(`GET ${path} HTTP/1.1\r\nHost: docker\r\nAccept: */*\r\nConnection: close\r\n\r\n`)
  const pieces = bursts(socket)
  try {
    const { head, rest } = await headOf(pieces)
    const body = bodyOf(pieces, head, rest)
    const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(head)?.[1])
    if (status !== 200) throw await refusalOf(status, body)
    return { body, close: () => void socket.destroy() }
  } catch (error) {
    socket.destroy()
    throw error
  }
}

function connectTo({ socketPath, host = 'localhost', port = 2_375, protocol }: Door): Socket {
  const options = { readableHighWaterMark }
  if (socketPath !== undefined) return connect({ path: socketPath, ...options })
  const place = { host, port: Number(port), ...options }
  return protocol === 'https' ? connectSafely({ ...place, servername: host }) : connect(place)
}

async function headOf(
  pieces: AsyncGenerator<Buffer, undefined>,
): Promise<{ readonly head: string; readonly rest: Buffer }> {
  let bytes: Buffer = Buffer.alloc(0)
  for (;;) {
    const { value, done } = await pieces.next()
    if (done === true || bytes.length > longestHead) throw cut()
    bytes = Buffer.concat([bytes, value])
    const end = bytes.indexOf('\r\n\r\n')
    if (end >= 0) return { head: bytes.toString('latin1', 0, end), rest: bytes.subarray(end + 4) }
  }
}

async function* bodyOf(pieces: AsyncGenerator<Buffer, undefined>, head: string, rest: Buffer): AsyncGenerator<Buffer> {
  const isChunked = /\r\ntransfer-encoding:\s*chunked/i.test(head)
  const length = /\r\ncontent-length:\s*(\d+)/i.exec(head)?.[1]
  const body = isChunked ? new ChunkedBody() : new PlainBody(length === undefined ? null : Number(length))
  const first = body.push(rest)
  if (first.length > 0) yield first
  while (!body.isOver) {
    const { value, done } = await pieces.next()
    if (done === true) {
      if (isChunked || length !== undefined) throw cut()
      return
    }
    const data = body.push(value)
    if (data.length > 0) yield data
  }
}

class PlainBody {
  #left: number | null
  constructor(length: number | null) {
    this.#left = length
  }

  get isOver(): boolean {
    return this.#left === 0
  }

  push(bytes: Buffer): Buffer {
    if (this.#left === null) return bytes
    const data = bytes.subarray(0, this.#left)
    this.#left -= data.length
    return data
  }
}

async function refusalOf(statusCode: number, body: AsyncIterable<Buffer>): Promise<Error> {
  const parts: Buffer[] = []
  for await (const part of body) if (parts.push(part) > 64) break
  const text = Buffer.concat(parts).toString('utf8')
  return Object.assign(new Error(text), { statusCode, json: jsonIn(text) })
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
}

const cut = (): Error => Object.assign(new Error('the connection was cut'), { code: 'ECONNRESET' })
