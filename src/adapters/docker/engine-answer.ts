/** An answer of the engine over HTTP, taken apart by hand: its head, its body, and what it says when it refuses. */
import { ChunkedBody } from './chunked-body.ts'

export interface Head {
  readonly status: number
  /** The lines of it, as they came. */
  readonly text: string
  /** What came with it of what follows. */
  readonly rest: Buffer
}

const longestHead = 65_536

/** Throws when there is no head, or not all of it. */
export async function headOf(pieces: AsyncIterator<Buffer, undefined>): Promise<Head> {
  let bytes: Buffer = Buffer.alloc(0)
  for (;;) {
    const { value, done } = await pieces.next()
    if (done === true || bytes.length > longestHead) throw cut()
    bytes = Buffer.concat([bytes, value])
    const end = bytes.indexOf('\r\n\r\n')
    if (end < 0) continue
    const text = bytes.toString('latin1', 0, end)
    return { status: Number(/^HTTP\/1\.[01] (\d{3})/.exec(text)?.[1]), text, rest: bytes.subarray(end + 4) }
  }
}

/** What follows that head, as the pieces bring it. */
export async function* bodyOf(pieces: AsyncIterator<Buffer, undefined>, { text, rest }: Head): AsyncGenerator<Buffer> {
  const isChunked = /\r\ntransfer-encoding:\s*chunked/i.test(text)
  const length = /\r\ncontent-length:\s*(\d+)/i.exec(text)?.[1]
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

/** What the engine says instead of what it was asked for, as calls through dockerode throw it: with the status. */
export async function refusalOf(statusCode: number, body: AsyncIterable<Buffer>): Promise<Error> {
  const parts: Buffer[] = []
  for await (const part of body) if (parts.push(Buffer.from(part)) > 64) break
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

export const cut = (): Error => Object.assign(new Error('the connection was cut'), { code: 'ECONNRESET' })
