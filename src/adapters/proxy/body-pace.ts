/** Cuts off whoever sends the body of a request so slowly that it only keeps a connection busy. */
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Millis } from '../../model/time.ts'
import type { BodyPace } from '../../ports/ingress-door.ts'

/** How far a body has come. */
interface Body {
  readonly request: Pick<IncomingMessage, 'complete' | 'readableLength' | 'readableHighWaterMark'> & {
    readonly socket: Pick<Socket, 'bytesRead'>
  }
  readonly response: { readonly writableEnded: boolean }
  /** Closes the connection, with an answer where none was begun. */
  readonly cut: () => void
}

interface Watched extends Body {
  bytes: number
  waitedMs: Millis
}

/** Looks so many times while a body may be slow. */
const looks = 5

export class BodyWatch {
  readonly #pace: BodyPace
  readonly #bodies = new Map<object, Watched>()
  #timer: NodeJS.Timeout | undefined

  constructor(pace: BodyPace) {
    this.#pace = pace
  }

  /** Looks by itself until `close`. */
  open(): void {
    const { withinMs, perSecond } = this.#pace
    if (perSecond > 0) this.#timer = setInterval(() => this.look(withinMs / looks), withinMs / looks).unref()
  }

  close(): void {
    clearInterval(this.#timer)
  }

  /** Until it is forgotten. */
  watch(body: Body): void {
    this.#bodies.set(body.request, { ...body, bytes: body.request.socket.bytesRead, waitedMs: 0 })
  }

  forget(request: object): void {
    this.#bodies.delete(request)
  }

  /** After so long. */
  look(passed: Millis): void {
    for (const [key, body] of this.#bodies)
      if (body.request.complete) this.#bodies.delete(key)
      else if (this.#isTooSlow(body, passed)) {
        this.#bodies.delete(key)
        body.cut()
      }
  }

  /** The time in which a replica takes nothing is not the sender's, unless all is answered and nobody will take anything. */
  #isTooSlow(body: Watched, passed: Millis): boolean {
    const { request, response } = body
    const isHeldUp = request.readableLength >= request.readableHighWaterMark && !response.writableEnded
    if (!isHeldUp) body.waitedMs += passed
    const { withinMs, perSecond } = this.#pace
    if (body.waitedMs < withinMs) return false
    const came = request.socket.bytesRead - body.bytes
    body.bytes = request.socket.bytesRead
    body.waitedMs = 0
    return came < (perSecond * withinMs) / 1_000
  }
}
