/** A connection to the engine that HTTP has let go of: bytes go to a process and come from it, both at once. */
import type { Socket } from 'node:net'
import type Dockerode from 'dockerode'
import { bodyOf, headOf, refusalOf } from './engine-answer.ts'
import { connectTo } from './engine-door.ts'
import { Intake } from './intake.ts'

export interface TalkConnection {
  readonly socket: Socket
  /** What comes, for one reader, who may write to each piece and has it until the next is asked for. Throws what broke the connection. */
  readonly received: AsyncIterable<Buffer>
  /** Nobody reads what comes from now on. */
  discard(): void
}

/** Throws as calls through dockerode do: with the status, and what the engine says. */
export async function talkConnection(docker: Dockerode, path: string, input: object): Promise<TalkConnection> {
  const intake = new Intake()
  const socket = connectTo(docker, { onread: intake.onread })
  intake.attach(socket)
  const body = JSON.stringify(input)
  socket.write(
    `POST ${path} HTTP/1.1\r\nHost: docker\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n` +
      `Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n${body}`,
  )
  const pieces = intake[Symbol.asyncIterator]()
  try {
    const head = await headOf(pieces)
    if (head.status !== 101 && head.status !== 200) throw await refusalOf(head.status, bodyOf(pieces, head))
    return { socket, received: after(head.rest, pieces), discard: () => intake.discard() }
  } catch (error) {
    socket.destroy()
    throw error
  }
}

async function* after(first: Buffer, pieces: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  try {
    if (first.length > 0) yield first
    yield* pieces
  } finally {
    await pieces.return(undefined)
  }
}
