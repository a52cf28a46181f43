/** Connections of peers that are no members: few, and not for long. They may join, or attach, or go. */
import type { Connection, Stream } from '@libp2p/interface'
import { ClawError } from '../../model/failure.ts'
import { type NodeId, nodeId } from '../../model/ids.ts'
import { type Millis, second } from '../../model/time.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Log } from '../../ports/log.ts'
import { encodeFailure, frame, FrameKind, laneMaxBytes } from '../../wire/frame.ts'
import { CallsIn } from './calls-in.ts'
import { cut } from './cut.ts'
import type { Conduct } from './conduct.ts'
import type { Served } from './handlers.ts'
import { StreamPipe } from './stream-pipe.ts'

/** How long a guest may be idle. */
const stay: Millis = 30 * second
/** How long a guest's stream may be open before it has asked for something. */
const hesitation: Millis = 10 * second

export interface GuestsDeps {
  readonly clock: Clock
  readonly log: Log
  readonly conduct: Conduct
  readonly maxGuests: number
  /** Does this connection belong to a member that is up, or that is greeting? */
  readonly isLink: (connection: Connection) => boolean
}

interface Guest {
  readonly connection: Connection
  idleSince: Millis
  streams: number
}

export class Guests {
  readonly #deps: GuestsDeps
  readonly #guests = new Map<string, Guest>()
  /** Open streams by protocol and peer: a guest can open several connections. */
  readonly #open = new Map<string, number>()
  #stopSweeping: () => void = () => {}

  constructor(deps: GuestsDeps) {
    this.#deps = deps
  }

  start(): void {
    this.#stopSweeping = this.#deps.clock.after(second, () => {
      this.#sweep()
      this.start()
    })
  }

  stop(): void {
    this.#stopSweeping()
  }

  /** An inbound connection. It counts as a guest's until it turns out to be a member's. */
  enter(connection: Connection): void {
    const guests = [...this.#guests.values()].filter((guest) => !this.#deps.isLink(guest.connection))
    if (guests.length >= this.#deps.maxGuests) {
      const idle = guests.filter(({ streams }) => streams === 0)
      const oldest = idle.reduce<Guest | null>((a, b) => (a === null || b.idleSince < a.idleSince ? b : a), null)
      this.#show(oldest?.connection ?? connection, 'there are too many guests')
      if (oldest === null) return
    }
    this.#guests.set(connection.id, { connection, idleSince: this.#deps.clock.elapsed(), streams: 0 })
  }

  leave(connection: Connection): void {
    this.#guests.delete(connection.id)
  }

  /** Serves one call of a protocol for anyone on a stream of its own. */
  serve(served: Exclude<Served, { kind: 'notice' }>, stream: Stream, connection: Connection): void {
    const { clock, log, conduct } = this.#deps
    const { id, maxBytes, maxInbound, lane } = served.bounds
    const from = nodeId(connection.remotePeer.toString())
    const key = `${id} ${from}`
    const isWelcome = (this.#open.get(key) ?? 0) < maxInbound && !conduct.isBanned(from)
    const leave = this.#occupy(key, connection)
    const pipe: StreamPipe = new StreamPipe({
      stream,
      maxBytes: Math.min(maxBytes, laneMaxBytes[lane]),
      onFrame: (message) => {
        stopTimer()
        if (isWelcome) calls.take(message)
        else refuse(message.call)
      },
      onEnd: ({ blame }) => {
        stopTimer()
        leave()
        if (blame !== null) conduct.blame(from, blame)
        calls.end(new ClawError('NODE_UNREACHABLE', { node: from, detail: 'the caller left' }))
        closePipe()
      },
    })
    const closePipe = (): void => {
      pipe.close().catch((error: unknown) => log.debug('a guest left first', { error }))
    }
    const refuse = (call: number): void => {
      pipe.send(
        frame(FrameKind.FAILURE, { call, payload: encodeFailure(new ClawError('RATE_LIMITED', { who: from })) }),
      )
      closePipe()
    }
    const calls = new CallsIn({
      from,
      pipe,
      clock,
      log,
      find: (wanted) => (wanted === id ? served : undefined),
      allow: () => conduct.allow(from),
      blame: (reason) => conduct.blame(from, reason),
    })
    const stopTimer = clock.after(hesitation, () => pipe.abort(new Error('nothing was asked for')))
  }

  #occupy(key: string, connection: Connection): () => void {
    const guest = this.#guests.get(connection.id)
    this.#open.set(key, (this.#open.get(key) ?? 0) + 1)
    if (guest !== undefined) guest.streams += 1
    return () => {
      const left = (this.#open.get(key) ?? 1) - 1
      if (left > 0) this.#open.set(key, left)
      else this.#open.delete(key)
      if (guest === undefined) return
      guest.streams -= 1
      guest.idleSince = this.#deps.clock.elapsed()
    }
  }

  #sweep(): void {
    const now = this.#deps.clock.elapsed()
    for (const { connection, idleSince, streams } of [...this.#guests.values()])
      if (streams === 0 && now - idleSince > stay && !this.#deps.isLink(connection))
        this.#show(connection, 'it neither joined nor attached')
  }

  /** Shows a guest the door. */
  #show(connection: Connection, reason: string): void {
    this.#guests.delete(connection.id)
    this.#deps.log.debug('guest is sent away', { peer: idOf(connection), reason })
    connection.close({ signal: AbortSignal.timeout(second) }).catch((error: unknown) => {
      cut(connection, new Error(reason, { cause: error }))
    })
  }
}

const idOf = (connection: Connection): NodeId => nodeId(connection.remotePeer.toString())
