/** The WebSocket: operations as requests and answers, events as they happen. See docs/reference/api.md. */
import { z } from 'zod'
import type { WebSocket } from 'ws'
import { shallowJson } from '../../lib/nesting.ts'
import type { Invoker } from '../../operations/invoker.ts'
import { findOperation } from '../../operations/known.ts'
import type { ClawError } from '../../model/failure.ts'
import { ClawError as Failure } from '../../model/failure.ts'
import { bodyOf } from './errors.ts'
import type { Shown } from './identities.ts'
import { Outbox } from './outbox.ts'
import type { Caller } from '../../operations/operation.ts'
import type { Protection } from './protect.ts'
import type { Watch } from './watch.ts'

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

/** What a subscription may ask for; the operation says what of it makes sense. */
const Wanted = z.record(z.string(), z.unknown()).default({})

/** Requests that one socket may have open at a time. */
const mostOpen = 32
/** So many messages beyond the limit are answered, one after the other. */
const mostRefused = 20
const heartbeat = 30_000
/** Older clients only listen: who says nothing for so long is told everything. */
const silence = 1_000

export interface SocketDeps {
  readonly invoker: Invoker
  readonly shown: Shown
  readonly asking: (operation: string, input: string) => Promise<Caller>
  readonly failure: (error: unknown) => ClawError
  readonly protection: Protection
  readonly watch: Watch
}

type Id = string | number

export class ApiSocket {
  readonly #socket: WebSocket
  readonly #deps: SocketDeps
  readonly #outbox: Outbox
  readonly #open = new Map<Id, AbortController>()
  readonly #timer: NodeJS.Timeout
  readonly #silence: NodeJS.Timeout
  /** In a row. */
  #refused = 0
  #isAlive = true
  #takenAtBeat = 0
  /** How it spells what it says; null as long as it has said nothing. */
  #isOlder: boolean | null = null

  constructor(socket: WebSocket, deps: SocketDeps) {
    this.#socket = socket
    this.#deps = deps
    this.#outbox = new Outbox(socket)
    this.#timer = setInterval(() => {
      this.#beat()
    }, heartbeat)
    this.#silence = setTimeout(() => {
      this.#update({})
    }, silence)
    socket.on('pong', () => (this.#isAlive = true))
    socket.on('message', (data, isBinary) => {
      this.#receive(isBinary ? null : (data as Buffer).toString('utf8'))
    })
    socket.on('error', () => {
      socket.terminate()
    })
    const release = deps.watch.hold(deps.shown, (reason) => {
      this.#outbox.tell({ type: 'error', ...bodyOf(reason) })
      socket.close(1_008, reason.code)
      for (const controller of this.#open.values()) controller.abort(reason)
    })
    socket.on('close', () => {
      release()
      clearInterval(this.#timer)
      clearTimeout(this.#silence)
      for (const controller of this.#open.values()) controller.abort()
      this.#open.clear()
    })
  }

  #beat(): void {
    const { isPaused, taken } = this.#outbox
    // Of one that is not read, that it takes what it is sent is the only sign of life.
    if (!this.#isAlive && !(isPaused && taken > this.#takenAtBeat)) {
      this.#socket.terminate()
      return
    }
    this.#isAlive = false
    this.#takenAtBeat = taken
    this.#socket.ping()
    this.#outbox.tell({ type: spelled('heartbeat', this.#isOlder ?? true), data: { at: new Date().toISOString() } })
  }

  #receive(text: string | null): void {
    clearTimeout(this.#silence)
    if (!this.#mayGoOn()) return
    const message = text === null ? null : parsed(text)
    if (message === null) {
      this.#refuse()
      return
    }
    this.#isOlder = 'type' in message ? message.type.isOlder : (this.#isOlder ?? false)
    if ('op' in message) this.#start(message.id, message.op, message.input ?? {})
    else if ('cancel' in message) this.#cancel(message.id)
    else this.#handle(message)
  }

  /** Whoever says too much is told so, and is shown the door when that does not help. */
  #mayGoOn(): boolean {
    const { protection, shown } = this.#deps
    try {
      protection.count(shown)
      this.#refused = 0
      return true
    } catch (error) {
      if (!Failure.is(error, 'RATE_LIMITED')) throw error
      this.#refused += 1
      if (this.#refused > mostRefused) this.#socket.close(1_008, error.code)
      else this.#outbox.tell({ type: 'error', ...bodyOf(error) })
      return false
    }
  }

  #handle({ type: { word, isOlder }, data }: Extract<Message, { type: unknown }>): void {
    switch (word) {
      case 'ping':
        this.#outbox.tell({ type: spelled('pong', isOlder), data: data ?? null })
        return
      case 'subscribe':
        this.#subscribe(Wanted.safeParse(data).data, isOlder)
        return
      case 'unsubscribe':
        this.#cancel('events')
        this.#cancel('updates')
        return
      case 'status':
      case 'getstatus':
        this.#start('status', 'status', {}, (output) => ({ type: spelled('status', isOlder), data: output }))
        return
    }
  }

  #subscribe(wanted: z.infer<typeof Wanted> | undefined, isOlder: boolean): void {
    if (wanted === undefined) this.#refuse()
    else if (isOlder) this.#update(wanted)
    else this.#start('events', 'events.watch', { follow: true, ...wanted }, (event) => ({ type: 'event', data: event }))
  }

  #refuse(): void {
    const problem = 'not a message of this API'
    this.#outbox.tell({ type: 'error', ...bodyOf(new Failure('INVALID_REQUEST', { problem })) })
  }

  #update(input: unknown): void {
    this.#start('updates', 'mesh.updates', input, (update) => update as object)
  }

  #start(id: Id, op: string, input: unknown, wrap = (output: unknown): object => ({ id, output })): void {
    const refuse = (problem: string): void => {
      this.#outbox.tell({ id, ...bodyOf(new Failure('INVALID_REQUEST', { problem })) })
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
      .catch(async (error: unknown) => {
        if (controller.signal.aborted) return
        await this.#outbox.send({ id, ...bodyOf(this.#deps.failure(error)) }, controller.signal)
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
    const { invoker, shown } = this.#deps
    // What is asked here was signed by nobody.
    const caller = shown.asking(op, '')
    if (findOperation(op).kind === 'unary') {
      await this.#outbox.send(wrap(await invoker.invoke(op, input, { caller, signal })), signal)
      return
    }
    for await (const item of invoker.open(op, input, { caller, signal })) await this.#outbox.send(wrap(item), signal)
    await this.#outbox.send({ id, end: true }, signal)
  }

  #cancel(id: Id): void {
    this.#open.get(id)?.abort()
    this.#open.delete(id)
  }
}

const spelled = (word: string, isOlder: boolean): string =>
  isOlder ? word.replace(/^./, (letter) => letter.toUpperCase()) : word

function parsed(text: string): Message | null {
  try {
    return Message.safeParse(shallowJson(text)).data ?? null
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
}
