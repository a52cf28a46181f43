/** A conversation with a peer over HTTP, to a Unix socket or a TCP port. Loaded only by the commands that need it. */
import type { Socket } from 'node:net'
import { WebSocket } from 'ws'
import { ClawError, failureFrom } from '../../../model/failure.ts'
import type { Conversation } from '../../../ports/conversation.ts'
import { ConversationSide } from '../../../wire/conversation.ts'
import { creditOf, readNotice, say, socketCarrier, takeBinary } from '../../../wire/conversation-socket.ts'

export interface TalkTarget {
  /** `ws://…` or `ws+unix:…`. */
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  /** One to it. */
  readonly createConnection: () => Socket
  /** What the system says when there is no connection, as a failure for people. */
  readonly refusal: (error: NodeJS.ErrnoException) => Error
  /** Why a peer that answered does not talk, from the status and body of its answer. */
  readonly denial: (status: number, body: string) => Error
  readonly lost: (cause: unknown) => ClawError
}

/** Throws as every request does. The conversation breaks with NODE_UNREACHABLE when the connection does. */
export async function talkTo(target: TalkTarget, input: unknown, signal: AbortSignal): Promise<Conversation> {
  signal.throwIfAborted()
  const socket = new WebSocket(target.url, ['clawbernetes.v1'], {
    headers: { ...target.headers },
    createConnection: target.createConnection,
    perMessageDeflate: false,
    handshakeTimeout: 10_000,
  })
  await opened(socket, target, signal)
  const side = new ConversationSide(socketCarrier(socket))
  const onAbort = (): void => {
    side.fail(signal.reason)
    socket.close(1_000)
  }
  signal.addEventListener('abort', onAbort, { once: true })
  if (signal.aborted) onAbort()
  socket.on('message', (data: Buffer, isBinary) => {
    try {
      if (isBinary) takeBinary(side, data)
      else hear(side, data.toString('utf8'))
    } catch (error) {
      side.fail(new ClawError('PROTOCOL_MISMATCH', { ours: 'conversations', theirs: String(error) }, { cause: error }))
      socket.terminate()
    }
  })
  socket.on('error', (error) => side.fail(target.lost(error)))
  socket.on('close', () => {
    signal.removeEventListener('abort', onAbort)
    side.fail(target.lost(new Error('the connection was closed')))
  })
  say(socket, { input })
  side.open()
  return side
}

function hear(side: ConversationSide, text: string): void {
  const notice = readNotice(text)
  if (notice === null || 'input' in notice) throw new Error('something else')
  if ('credit' in notice) side.take(creditOf(notice.credit))
  else if ('end' in notice) side.end()
  else side.fail(failureFrom(notice.error))
}

/** What the socket says after it has given up goes nowhere. */
function opened(socket: WebSocket, { refusal, denial }: TalkTarget, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      reject(signal.reason as Error)
      socket.terminate()
    }
    signal.addEventListener('abort', onAbort, { once: true })
    socket.once('open', () => {
      signal.removeEventListener('abort', onAbort)
      resolve()
    })
    socket.on('error', (error) => reject(refusal(error)))
    socket.once('unexpected-response', (_, response) => {
      let body = ''
      response.setEncoding('utf8')
      response.on('data', (text: string) => (body = `${body}${text}`.slice(0, 65_536)))
      response.on('end', () => reject(denial(response.statusCode ?? 0, body)))
      response.on('error', (error) => reject(refusal(error)))
    })
  })
}
