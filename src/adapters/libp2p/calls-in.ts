/** The calls that another peer has open at this one, over one pipe. */
import { ClawError } from '../../model/failure.ts'
import type { NodeId } from '../../model/ids.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Log } from '../../ports/log.ts'
import { encodeFailure, frame, FrameKind, type FrameMessage } from '../../wire/frame.ts'
import { ConversationSide, Misconduct } from '../../wire/conversation.ts'
import { unlessAborted } from './abort.ts'
import { cost } from './calls-out.ts'
import { Malformed, type Served } from './handlers.ts'
import type { Pipe } from './pipe.ts'
import { calleeKinds, callerKinds, carrierOver, pieceOf } from './sides.ts'

export interface CallsInDeps {
  readonly from: NodeId
  readonly pipe: Pipe
  readonly clock: Clock
  readonly log: Log
  /** What is served to this peer under that id. */
  readonly find: (id: string) => Served | undefined
  /** May the peer ask for more right now? */
  readonly allow: () => boolean
  /** The peer did something that no honest one does. */
  readonly blame: (reason: string) => void
}

interface Running {
  readonly protocol: string
  readonly abort: AbortController
  credit: number
  wake: () => void
  /** Ours, in a conversation. */
  side: ConversationSide | null
  /** The caller has its answer, or does not want one any more. */
  answered: boolean
}

export class CallsIn {
  readonly #deps: CallsInDeps
  readonly #running = new Map<number, Running>()
  readonly #perProtocol = new Map<string, number>()

  constructor(deps: CallsInDeps) {
    this.#deps = deps
  }

  get count(): number {
    return this.#running.size
  }

  take(message: FrameMessage): void {
    if (message.kind === FrameKind.REQUEST) this.#request(message)
    else if (message.kind === FrameKind.NOTICE) this.#notice(message)
    else if (message.kind === FrameKind.CREDIT) this.#credit(message)
    else if (message.kind === FrameKind.INPUT) this.#input(message)
    else if (message.kind === FrameKind.CANCEL) this.#cancel(message.call, new Error('the caller gave up'))
    else this.#deps.blame('unexpected-frame')
  }

  /** The pipe is gone: nobody waits for these any more. */
  end(error: ClawError): void {
    for (const call of [...this.#running.keys()]) this.#cancel(call, error)
  }

  #cancel(call: number, reason: Error): void {
    const running = this.#running.get(call)
    if (running === undefined) return
    running.answered = true
    running.side?.fail(reason)
    running.abort.abort(reason)
  }

  #request(message: FrameMessage): void {
    const { call, protocol, payload } = message
    const served = this.#deps.find(protocol)
    if (call === 0 || this.#running.has(call)) return this.#deps.blame('call-number')
    if (served === undefined || served.kind === 'notice')
      return this.#refuse(call, new ClawError('PROTOCOL_MISMATCH', { ours: 'nothing of that name', theirs: protocol }))
    if (payload.length > served.bounds.maxBytes) {
      this.#deps.blame('oversized')
      return this.#refuse(
        call,
        new ClawError('TOO_LARGE', { what: `A request of ${protocol}`, limit: served.bounds.maxBytes }),
      )
    }
    if (!this.#deps.allow() || (this.#perProtocol.get(protocol) ?? 0) >= served.bounds.maxInbound)
      return this.#refuse(call, new ClawError('RATE_LIMITED', { who: this.#deps.from }))

    const running: Running = {
      protocol,
      abort: new AbortController(),
      credit: message.credit,
      wake: () => {},
      side: null,
      answered: false,
    }
    this.#enter(call, running)
    this.#run(served, message, running)
      .catch((error: unknown) => this.#failed(call, protocol, error))
      .finally(() => this.#leave(call, running))
      .catch((error: unknown) => this.#deps.log.error('could not end a call', { protocol, error }))
  }

  async #run(served: Exclude<Served, { kind: 'notice' }>, message: FrameMessage, running: Running): Promise<void> {
    if (served.kind === 'stream') return this.#stream(served, message, running)
    if (served.kind === 'duplex') return this.#converse(served, message, running)

    const { pipe, clock, from } = this.#deps
    const { call, payload } = message
    const { signal } = running.abort
    const stopTimer = clock.after(served.timeout, () => {
      const late = new ClawError('DEADLINE_EXCEEDED', { what: served.bounds.id, ms: served.timeout })
      this.#failed(call, served.bounds.id, late)
      running.abort.abort(late)
    })
    try {
      const response = await served.handle(payload, from, signal)
      await pipe.ready()
      if (!running.answered) pipe.send(frame(FrameKind.RESPONSE, { call, payload: response }))
      running.answered = true
    } finally {
      stopTimer()
    }
  }

  async #stream(served: Served & { kind: 'stream' }, message: FrameMessage, running: Running): Promise<void> {
    const { pipe, from } = this.#deps
    const { call, payload } = message
    const { signal } = running.abort
    const items = served.handle(payload, from, signal)[Symbol.asyncIterator]()
    try {
      while (!signal.aborted) {
        const item = await unlessAborted(items.next(), signal)
        if (item === null) break
        if (item.done === true) {
          pipe.send(frame(FrameKind.END, { call }))
          running.answered = true
          return
        }
        while (running.credit <= 0 && !signal.aborted) await new Promise<void>((resolve) => (running.wake = resolve))
        await pipe.ready()
        if (signal.aborted) break
        running.credit -= cost(item.value)
        pipe.send(frame(FrameKind.ITEM, { call, payload: item.value }))
      }
    } finally {
      // Not awaited: a handler that ignores its signal must not hold the call's place for ever.
      items.return?.().catch((error: unknown) => this.#failed(call, served.bounds.id, error))
    }
  }

  async #converse(
    served: Served & { kind: 'duplex' },
    { call, payload }: FrameMessage,
    running: Running,
  ): Promise<void> {
    const { pipe, from } = this.#deps
    const { signal } = running.abort
    const side = new ConversationSide(carrierOver(pipe, call, calleeKinds))
    running.side = side
    side.open()
    try {
      // Not longer than the caller stays: a handler that ignores its signal must not hold the call's place for ever.
      await unlessAborted(served.handle(payload, from, side, signal), signal)
      if (!running.answered) pipe.send(frame(FrameKind.END, { call }))
      running.answered = true
    } finally {
      side.end()
    }
  }

  /** Input for a call that is over is what its caller had sent before it knew. */
  #input(message: FrameMessage): void {
    const side = this.#running.get(message.call)?.side
    const piece = pieceOf(message, callerKinds)
    if (side === undefined || side === null || piece === null) return
    try {
      side.take(piece)
    } catch (error) {
      if (!(error instanceof Misconduct)) throw error
      this.#deps.blame('overrun')
      this.#cancel(message.call, new ClawError('INVALID_REQUEST', { problem: error.message }, { cause: error }))
    }
  }

  #notice({ protocol, payload }: FrameMessage): void {
    const served = this.#deps.find(protocol)
    if (served?.kind !== 'notice') return
    if (payload.length > served.bounds.maxBytes) return this.#deps.blame('oversized')
    if (!this.#deps.allow()) return
    try {
      served.handle(payload, this.#deps.from)
    } catch (error) {
      if (error instanceof Malformed) this.#deps.blame('malformed')
      else this.#deps.log.error('notice handler failed', { protocol, from: this.#deps.from, error })
    }
  }

  #credit(message: FrameMessage): void {
    const { call, credit } = message
    const running = this.#running.get(call)
    if (running === undefined) return
    if (running.side !== null) return this.#input(message)
    running.credit = Math.min(running.credit + credit, Number.MAX_SAFE_INTEGER)
    if (running.credit > 0) running.wake()
  }

  #failed(call: number, protocol: string, error: unknown): void {
    const running = this.#running.get(call)
    if (running === undefined || running.answered) return
    running.answered = true
    if (error instanceof ClawError) return this.#refuse(call, error as ClawError)
    if (error instanceof Malformed) {
      this.#deps.blame('malformed')
      return this.#refuse(call, new ClawError('INVALID_REQUEST', { problem: error.message }, { cause: error }))
    }
    this.#deps.log.error('handler failed', { protocol, from: this.#deps.from, error })
    this.#refuse(call, new ClawError('INTERNAL', { detail: `the handler of ${protocol} failed` }))
  }

  #refuse(call: number, error: ClawError): void {
    this.#deps.pipe.send(frame(FrameKind.FAILURE, { call, payload: encodeFailure(error) }))
  }

  #enter(call: number, running: Running): void {
    running.abort.signal.addEventListener('abort', () => running.wake())
    this.#running.set(call, running)
    this.#perProtocol.set(running.protocol, (this.#perProtocol.get(running.protocol) ?? 0) + 1)
  }

  #leave(call: number, { protocol }: Running): void {
    this.#running.delete(call)
    const left = (this.#perProtocol.get(protocol) ?? 1) - 1
    if (left > 0) this.#perProtocol.set(protocol, left)
    else this.#perProtocol.delete(protocol)
  }
}
