/** One conversation on a WebSocket of its own. See docs/reference/api.md. */
import type { WebSocket } from 'ws'
import { canonicalJson } from '../../lib/canonical-json.ts'
import { ClawError } from '../../model/failure.ts'
import { ConversationSide, Misconduct } from '../../wire/conversation.ts'
import { creditOf, readNotice, say, socketCarrier, takeBinary } from '../../wire/conversation-socket.ts'
import { bodyOf } from './errors.ts'
import type { SocketDeps } from './websocket.ts'

/** How long a client may take to say what it wants. */
const hesitation = 10_000
const heartbeat = 30_000

export class TalkSocket {
  readonly #socket: WebSocket
  readonly #deps: SocketDeps
  readonly #name: string
  readonly #gone = new AbortController()
  readonly #side: ConversationSide
  readonly #patience: NodeJS.Timeout
  readonly #timer: NodeJS.Timeout
  readonly #release: () => void
  #isAlive = true
  #isOpen = false

  constructor(socket: WebSocket, name: string, deps: SocketDeps) {
    this.#socket = socket
    this.#name = name
    this.#deps = deps
    this.#side = new ConversationSide(socketCarrier(socket))
    this.#patience = setTimeout(() => this.#refuse('nothing was asked for'), hesitation)
    this.#timer = setInterval(() => this.#beat(), heartbeat)
    socket.on('pong', () => (this.#isAlive = true))
    socket.on('message', (data, isBinary) => this.#receive(data as Buffer, isBinary))
    socket.on('error', () => socket.terminate())
    socket.on('close', () => this.#leave())
    this.#release = deps.watch.hold(deps.shown, (reason) => {
      say(socket, bodyOf(reason))
      socket.close(1_008, reason.code)
      this.#leave()
    })
  }

  #beat(): void {
    if (!this.#isAlive) return this.#socket.terminate()
    this.#isAlive = false
    this.#socket.ping()
  }

  #leave(): void {
    this.#release()
    clearTimeout(this.#patience)
    clearInterval(this.#timer)
    const left = new DOMException('the caller is gone', 'AbortError')
    this.#side.fail(left)
    this.#gone.abort(left)
  }

  #receive(data: Buffer, isBinary: boolean): void {
    try {
      if (isBinary) takeBinary(this.#side, data)
      else this.#notice(data.toString('utf8'))
    } catch (error) {
      if (!(error instanceof Misconduct)) throw error
      this.#refuse(error.message)
    }
  }

  #notice(text: string): void {
    const notice = readNotice(text)
    if (notice === null) throw new Misconduct('not a message of this API')
    if ('credit' in notice) return this.#side.take(creditOf(notice.credit))
    if (!('input' in notice) || this.#isOpen) throw new Misconduct('the input comes first, and once')
    this.#isOpen = true
    clearTimeout(this.#patience)
    this.#talk(notice.input).catch(() => this.#socket.terminate())
  }

  async #talk(input: unknown): Promise<void> {
    const { invoker, asking, failure } = this.#deps
    try {
      const caller = await asking(this.#name, canonicalJson(input))
      const carry = await invoker.admit(this.#name, input, { caller, signal: this.#gone.signal })
      this.#side.open()
      await carry(this.#side)
      say(this.#socket, { end: true })
    } catch (error) {
      if (this.#gone.signal.aborted) return
      say(this.#socket, bodyOf(failure(error)))
    }
    this.#side.end()
    this.#socket.close(1_000)
  }

  #refuse(problem: string): void {
    say(this.#socket, bodyOf(new ClawError('INVALID_REQUEST', { problem })))
    this.#socket.close(1_008)
    this.#leave()
  }
}
