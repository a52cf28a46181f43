/** A connection to a member, with its two lanes: from the first hello to the end. */
import type { Connection, Stream } from '@libp2p/interface'
import { ClawError } from '../../model/failure.ts'
import type { NodeId } from '../../model/ids.ts'
import { type Millis, second } from '../../model/time.ts'
import type { Lane } from '../../ports/rpc.ts'
import { frame, FrameKind, laneProtocols } from '../../wire/frame.ts'
import { cut } from './cut.ts'
import { LaneChannel, type LinkContext } from './lane-channel.ts'

/** From the first stream to both hellos. */
const greetingTime: Millis = 10 * second

export interface LinkInit {
  readonly peer: NodeId
  readonly connection: Connection
  readonly context: LinkContext
  readonly onUp: () => void
  /** The peer does not want to use this link for new calls. */
  readonly onRetired: () => void
  readonly onEnd: (why: ClawError) => void
}

export class Link {
  readonly peer: NodeId
  readonly connection: Connection
  readonly openedAt: Millis
  readonly #init: LinkInit
  readonly #lanes = new Map<Lane, LaneChannel>()
  readonly #greeted = new Set<Lane>()
  readonly #stopGreeting: () => void
  #ended = false
  #refusal: ClawError | null = null
  #ours = false
  #theirs = false
  #saidGoodbye = false
  #heardAt: Millis

  constructor(init: LinkInit) {
    this.#init = init
    this.peer = init.peer
    this.connection = init.connection
    const { clock } = init.context
    this.openedAt = clock.elapsed()
    this.#heardAt = this.openedAt
    const late = new ClawError('NODE_UNREACHABLE', { node: this.peer, detail: 'it did not show a certificate in time' })
    this.#stopGreeting = clock.after(greetingTime, () => this.#end(late))
  }

  /** Both lanes are greeted and the link has not ended. */
  get isUp(): boolean {
    return this.#greeted.size === 2 && !this.#ended
  }

  get ended(): boolean {
    return this.#ended
  }

  /** The other side said that it leaves, or we did. What ends after that was not broken. */
  get saidGoodbye(): boolean {
    return this.#saidGoodbye
  }

  get isRetired(): boolean {
    return this.#ours || this.#theirs
  }

  /** Neither side will start a call here, and none is open. */
  get isDone(): boolean {
    return this.#ours && this.#theirs && ![...this.#lanes.values()].some(({ busy }) => busy)
  }

  get heardAt(): Millis {
    return this.#heardAt
  }

  lane(lane: Lane): LaneChannel {
    const channel = this.#lanes.get(lane)
    if (channel === undefined) throw new Error(`the ${lane} lane was used before it was open`)
    return channel
  }

  /** Opens both lanes. For the side that dialled. */
  async open(signal: AbortSignal): Promise<void> {
    const lanes = Object.entries(laneProtocols) as [Lane, string][]
    const streams = await Promise.all(
      lanes.map(([, id]) => this.connection.newStream(id, { signal, runOnLimitedConnection: true })),
    )
    for (const [i, [lane]] of lanes.entries()) {
      const stream = streams[i]
      if (stream !== undefined) this.attach(lane, stream)
    }
  }

  /** Takes a stream as that lane. False when there is one already. */
  attach(lane: Lane, stream: Stream): boolean {
    if (this.#lanes.has(lane) || this.#ended) return false
    const channel = new LaneChannel({
      lane,
      stream,
      from: this.peer,
      context: this.#init.context,
      onGreeted: () => this.#onGreeted(lane),
      onFrame: (kind) => this.#onFrame(kind),
      onRefusal: (why) => (this.#refusal ??= why),
      onEnd: (why) => this.#end(why),
    })
    this.#lanes.set(lane, channel)
    return true
  }

  ping(): void {
    this.#lanes.get('control')?.pipe.send(frame(FrameKind.PING))
  }

  /** Shows our newest certificate. */
  greet(): void {
    for (const channel of this.#lanes.values()) channel.greet()
  }

  recheck(): void {
    this.#lanes.get('control')?.recheck()
  }

  /** Says that we start no more calls here. */
  retire(): void {
    if (this.#ours) return
    this.#ours = true
    this.#lanes.get('control')?.pipe.send(frame(FrameKind.RETIRE))
  }

  /** Tells the peer why it is not wanted, and ends. */
  refuse(why: ClawError): void {
    this.#saidGoodbye = true
    for (const channel of this.#lanes.values()) channel.refuse(why)
  }

  /** Says goodbye and closes the connection once that is sent. */
  async close(): Promise<void> {
    this.#saidGoodbye = true
    this.#lanes.get('control')?.pipe.send(frame(FrameKind.GOODBYE))
    for (const { pipe } of this.#lanes.values()) pipe.flush()
    try {
      await this.connection.close({ signal: AbortSignal.timeout(second) })
    } catch (error) {
      this.#init.context.log.debug('peer did not close in time', { peer: this.peer, error })
    } finally {
      this.#end(new ClawError('NODE_UNREACHABLE', { node: this.peer, detail: 'the connection was closed' }))
    }
  }

  /** The connection is dead, whatever the operating system thinks. */
  drop(detail: string): void {
    this.#end(new ClawError('NODE_UNREACHABLE', { node: this.peer, detail }))
  }

  /** Forgets silence that came from our own process standing still. */
  forgive(now: Millis): void {
    this.#heardAt = now
  }

  #onGreeted(lane: Lane): void {
    this.#greeted.add(lane)
    if (this.#greeted.size < 2) return
    this.#stopGreeting()
    this.#init.onUp()
  }

  #onFrame(kind: FrameKind): void {
    this.#heardAt = this.#init.context.clock.elapsed()
    if (kind === FrameKind.GOODBYE) this.#saidGoodbye = true
    if (kind === FrameKind.RETIRE && !this.#theirs) {
      this.#theirs = true
      this.#init.onRetired()
    }
  }

  /** Whom we refuse may be gone before it has heard why: that is no loss of the connection. */
  #end(reason: ClawError): void {
    if (this.#ended) return
    const why = this.#refusal ?? reason
    this.#ended = true
    this.#stopGreeting()
    for (const channel of this.#lanes.values()) channel.pipe.abort(why)
    if (why.code === 'NODE_UNREACHABLE') cut(this.connection, why)
    else closeGently(this.connection, this.#init.context)
    this.#init.onEnd(why)
  }
}

/** Lets what was sent last, the reason of a refusal, still arrive. */
function closeGently(connection: Connection, { log }: LinkContext): void {
  connection.close({ signal: AbortSignal.timeout(second) }).catch((error: unknown) => {
    log.debug('peer did not close in time', { error })
    cut(connection, new Error('the peer did not close in time', { cause: error }))
  })
}
