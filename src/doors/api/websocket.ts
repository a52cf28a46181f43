/** The WebSocket: operations as requests and answers, events as they happen. See docs/reference/api.md. */
import { z } from 'zod'
import type { WebSocket } from 'ws'
import type { Invoker } from '../../operations/invoke.ts'
import { findOperation } from '../../operations/invoke.ts'
import type { Caller } from '../../operations/operation.ts'
import type { ClawError } from '../../model/failure.ts'
import { ClawError as Failure } from '../../model/failure.ts'
import { bodyOf } from './errors.ts'

/**
 * Both spellings of a message are taken: ours, and the capitalised one of older clients. Whoever capitalises is answered so, and
 * is told of nodes and workloads in messages with a type each, instead of the mesh's own events.
 */
const typed = z
  .string()
  .max(32)
  .transform((text) => ({ word: text.toLowerCase(), isOlder: /^[A-Z]/.test(text) }))
  .pipe(z.object({ word: z.enum(['ping', 'subscribe', 'unsubscribe', 'getstatus', 'status']), isOlder: z.boolean() }))

const Message = z.union([
  z.strictObject({ id: z.union([z.string().max(64), z.int()]), op: z.string().max(64), input: z.unknown().optional() }),
  z.strictObject({ id: z.union([z.string().max(64), z.int()]), cancel: z.literal(true) }),
  z.strictObject({ type: typed, data: z.unknown().optional() }),
])
type Message = z.infer<typeof Message>

/** Requests that one socket may have open at a time. */
const mostOpen = 32
/** A socket that has this much unsent gets no more until it has taken some. */
const mostUnsent = 1_048_576
const heartbeat = 30_000
/** Older clients only listen: who says nothing for so long is told everything. */
const silence = 1_000

export interface SocketDeps {
  readonly invoker: Invoker
  readonly caller: Caller
  readonly failure: (error: unknown) => ClawError
}

type Id = string | number

export class ApiSocket {
  readonly #socket: WebSocket
  readonly #deps: SocketDeps
  readonly #open = new Map<Id, AbortController>()
  readonly #timer: NodeJS.Timeout
  readonly #silence: NodeJS.Timeout
  #isAlive = true
  #isOlder = false

  constructor(socket: WebSocket, deps: SocketDeps) {
    this.#socket = socket
    this.#deps = deps
    this.#timer = setInterval(() => {
      this.#beat()
    }, heartbeat)
    this.#silence = setTimeout(() => {
      this.#handle({ type: { word: 'subscribe', isOlder: true } })
    }, silence)
    socket.on('pong', () => (this.#isAlive = true))
    socket.on('message', (data, isBinary) => {
      this.#receive(isBinary ? null : (data as Buffer).toString('utf8'))
    })
    socket.on('error', () => {
      socket.terminate()
    })
    socket.on('close', () => {
      clearInterval(this.#timer)
      clearTimeout(this.#silence)
      for (const controller of this.#open.values()) controller.abort()
      this.#open.clear()
    })
  }

  #beat(): void {
    if (!this.#isAlive) {
      this.#socket.terminate()
      return
    }
    this.#isAlive = false
    this.#socket.ping()
    this.#tell({ type: this.#spelled('heartbeat'), data: { at: new Date().toISOString() } })
  }

  #receive(text: string | null): void {
    clearTimeout(this.#silence)
    const message = text === null ? null : parsed(text)
    if (message === null) {
      this.#tell({ type: 'error', ...bodyOf(new Failure('INVALID_REQUEST', { problem: 'not a message of this API' })) })
      return
    }
    if ('op' in message) this.#start(message.id, message.op, message.input ?? {})
    else if ('cancel' in message) this.#cancel(message.id)
    else this.#handle(message)
  }

  #spelled(word: string): string {
    return this.#isOlder ? word.replace(/^./, (letter) => letter.toUpperCase()) : word
  }

  #handle({ type: { word, isOlder }, data }: Extract<Message, { type: unknown }>): void {
    this.#isOlder = isOlder
    switch (word) {
      case 'ping':
        this.#tell({ type: this.#spelled('pong'), data: data ?? null })
        return
      case 'subscribe':
        if (isOlder) {
          this.#start('updates', 'mesh.updates', data ?? {}, (update) => update as object)
          return
        }
        this.#start('events', 'events.watch', { follow: true, ...(data ?? {}) }, (event) => ({
          type: 'event',
          data: event,
        }))
        return
      case 'unsubscribe':
        this.#cancel('events')
        this.#cancel('updates')
        return
      case 'status':
      case 'getstatus':
        this.#start('status', 'status', {}, (output) => ({ type: this.#spelled('status'), data: output }))
        return
    }
  }

  #start(id: Id, op: string, input: unknown, wrap = (output: unknown): object => ({ id, output })): void {
    const refuse = (problem: string): void => {
      this.#tell({ id, ...bodyOf(new Failure('INVALID_REQUEST', { problem })) })
    }
    if (this.#open.has(id)) {
      refuse(`the request ${id} is still open`)
      return
    }
    if (this.#open.size >= mostOpen) {
      refuse(`more than ${mostOpen} requests are open`)
      return
    }
    const controller = new AbortController()
    this.#open.set(id, controller)
    this.#answer({ id, op, input, wrap }, controller.signal)
      .catch((error: unknown) => {
        if (!controller.signal.aborted) this.#tell({ id, ...bodyOf(this.#deps.failure(error)) })
      })
      .finally(() => {
        if (this.#open.get(id) === controller) this.#open.delete(id)
      })
      .catch(() => {
        this.#socket.terminate()
      })
  }

  async #answer(
    { id, op, input, wrap }: { id: Id; op: string; input: unknown; wrap: (output: unknown) => object },
    signal: AbortSignal,
  ): Promise<void> {
    const { invoker, caller } = this.#deps
    if (findOperation(op).kind === 'unary') {
      this.#tell(wrap(await invoker.invoke(op, input, { caller, signal })))
      return
    }
    for await (const item of invoker.open(op, input, { caller, signal })) await this.#send(wrap(item))
    if (!signal.aborted) this.#tell({ id, end: true })
  }

  #cancel(id: Id): void {
    this.#open.get(id)?.abort()
    this.#open.delete(id)
  }

  #tell(message: object): void {
    if (this.#socket.readyState === this.#socket.OPEN) this.#socket.send(JSON.stringify(message))
  }

  /** Returns when the reader has kept up. */
  async #send(message: object): Promise<void> {
    if (this.#socket.readyState !== this.#socket.OPEN) return
    await new Promise<void>((resolve) => {
      const text = JSON.stringify(message)
      if (this.#socket.bufferedAmount < mostUnsent) {
        this.#socket.send(text)
        resolve()
      } else {
        this.#socket.send(text, () => {
          resolve()
        })
      }
    })
  }
}

function parsed(text: string): Message | null {
  try {
    return Message.safeParse(JSON.parse(text)).data ?? null
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
}
