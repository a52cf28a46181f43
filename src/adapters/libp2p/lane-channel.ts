/** One of the two streams of a pair of members: greeted first, then calls in both directions. */
import type { Stream } from '@libp2p/interface'
import { ClawError } from '../../model/failure.ts'
import type { NodeId } from '../../model/ids.ts'
import type { Lane } from '../../ports/rpc.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Log } from '../../ports/log.ts'
import { decodeFailure, encodeFailure, frame, FrameKind, type FrameMessage, laneMaxBytes } from '../../wire/frame.ts'
import { CallsIn } from './calls-in.ts'
import { CallsOut } from './calls-out.ts'
import type { Conduct } from './conduct.ts'
import type { Served } from './handlers.ts'
import { StreamPipe } from './stream-pipe.ts'

/** What every link of this peer shares. */
export interface LinkContext {
  readonly clock: Clock
  readonly log: Log
  readonly conduct: Conduct
  readonly find: (id: string) => Served | undefined
  /** This peer's own hello, as a payload. */
  readonly hello: () => Uint8Array
  /** Why that hello does not let that peer in; null when it does. */
  readonly refusal: (hello: Uint8Array, from: NodeId) => ClawError | null
  /** A peer does not let us in. */
  readonly onRefused: (why: ClawError, by: NodeId) => void
}

export interface LaneInit {
  readonly lane: Lane
  readonly stream: Stream
  readonly from: NodeId
  readonly context: LinkContext
  /** The peer has shown a valid certificate on this lane, and has found ours valid. */
  readonly onGreeted: () => void
  readonly onFrame: (kind: FrameKind) => void
  readonly onEnd: (why: ClawError) => void
  /** We refuse the peer. */
  readonly onRefusal: (why: ClawError) => void
}

export class LaneChannel {
  readonly calls: CallsOut
  readonly served: CallsIn
  readonly pipe: StreamPipe
  readonly #init: LaneInit
  /** We let the peer in. */
  #greeted = false
  /** The peer lets us in. */
  #welcome = false
  #refused = false
  #lastHello: Uint8Array | null = null

  constructor(init: LaneInit) {
    this.#init = init
    const { lane, stream, from, context } = init
    this.pipe = new StreamPipe({
      stream,
      maxBytes: laneMaxBytes[lane],
      onFrame: (message) => this.#take(message),
      onEnd: ({ blame, error }) => {
        if (blame !== null) context.conduct.blame(from, blame)
        this.#end(gone(from, error))
      },
    })
    this.calls = new CallsOut(this.pipe)
    this.served = new CallsIn({
      ...context,
      from,
      pipe: this.pipe,
      allow: () => context.conduct.allow(from),
      blame: (reason) => context.conduct.blame(from, reason),
    })
    this.greet()
  }

  /** Shows our certificate. Also later, when there is a newer one. */
  greet(): void {
    this.pipe.send(frame(FrameKind.HELLO, { payload: this.#init.context.hello() }))
  }

  /** Looks at the peer's certificate again: it may have run out since. */
  recheck(): void {
    const { context, from } = this.#init
    const refusal = this.#lastHello === null ? null : context.refusal(this.#lastHello, from)
    if (refusal !== null) this.refuse(refusal)
  }

  get busy(): boolean {
    return this.calls.count + this.served.count > 0
  }

  /** Sends the reason as the last frame and ends the lane. */
  refuse(why: ClawError): void {
    if (this.#refused) return
    this.#refused = true
    this.#init.onRefusal(why)
    this.pipe.send(frame(FrameKind.FAILURE, { payload: encodeFailure(why) }))
    this.pipe
      .close()
      .catch((error: unknown) => this.#init.context.log.debug('a refused peer left first', { error }))
      .finally(() => this.#end(why))
      .catch((error: unknown) => this.#init.context.log.error('could not end a lane', { error }))
  }

  #take(message: FrameMessage): void {
    const { onFrame } = this.#init
    if (this.#refused) return
    if (message.kind === FrameKind.FAILURE && message.call === 0) return this.#refusedBy(message.payload)
    if (message.kind === FrameKind.HELLO) return this.#hello(message.payload)
    if (!this.#greeted) return this.#notGreeted()

    onFrame(message.kind)
    switch (message.kind) {
      case FrameKind.REQUEST:
      case FrameKind.NOTICE:
      case FrameKind.CREDIT:
      case FrameKind.CANCEL:
      case FrameKind.INPUT:
        return this.served.take(message)
      case FrameKind.RESPONSE:
      case FrameKind.FAILURE:
      case FrameKind.ITEM:
      case FrameKind.END:
      case FrameKind.INPUT_CREDIT:
        return this.calls.take(message)
      case FrameKind.WELCOME:
        return this.#welcomed()
      case FrameKind.PING:
      case FrameKind.RETIRE:
      case FrameKind.GOODBYE:
        return
      case FrameKind.UNKNOWN:
        this.#init.context.conduct.blame(this.#init.from, 'unexpected-frame')
    }
  }

  #hello(payload: Uint8Array): void {
    const { context, from, onGreeted, onFrame } = this.#init
    if (!context.conduct.allow(from)) return
    const refusal = context.refusal(payload, from)
    if (refusal !== null) return this.refuse(refusal)
    this.#lastHello = payload
    onFrame(FrameKind.HELLO)
    if (this.#greeted) return
    this.#greeted = true
    this.pipe.send(frame(FrameKind.WELCOME))
    if (this.#welcome) onGreeted()
  }

  #welcomed(): void {
    if (this.#welcome) return
    this.#welcome = true
    if (this.#greeted) this.#init.onGreeted()
  }

  #notGreeted(): void {
    this.#init.context.conduct.blame(this.#init.from, 'no-hello')
    this.refuse(new ClawError('NOT_A_MEMBER', { reason: 'the first frame was no hello' }))
  }

  #refusedBy(payload: Uint8Array): void {
    const { context, from } = this.#init
    const why = readRefusal(payload)
    context.onRefused(why, from)
    this.#end(why)
  }

  #end(why: ClawError): void {
    this.calls.end(gone(this.#init.from, why))
    this.served.end(why)
    this.#init.onEnd(why)
  }
}

function readRefusal(payload: Uint8Array): ClawError {
  try {
    return decodeFailure(payload)
  } catch (cause) {
    return new ClawError('INTERNAL', { detail: 'the peer refused us in an unknown way' }, { cause })
  }
}

const gone = (node: NodeId, cause: Error | null): ClawError =>
  new ClawError('NODE_UNREACHABLE', { node, detail: 'the connection broke' }, { cause })
