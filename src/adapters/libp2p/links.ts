/** All links to members: dialled, accepted, elected, kept alive and given up. */
import type { Connection, Stream } from '@libp2p/interface'
import { ClawError } from '../../model/failure.ts'
import { type NodeId, nodeId } from '../../model/ids.ts'
import { type Millis, second } from '../../model/time.ts'
import type { Lane, Unsubscribe } from '../../ports/rpc.ts'
import { type Candidate, isBetter } from './election.ts'
import type { LinkContext } from './lane-channel.ts'
import { Link } from './link.ts'

export interface PeerChange {
  readonly peer: NodeId
  readonly up: boolean
  readonly reset: boolean
}

/** We say something this often, and give a peer up when it has said nothing for `silence`. */
const pingEvery: Millis = second
/** Certificates of open links are looked at again this often. */
const recheckEvery: Millis = 30 * second
const silence: Millis = 3 * second

export class Links {
  readonly #self: NodeId
  readonly #context: LinkContext
  /** Called when new calls go over another connection than before. */
  readonly #onCurrent: (link: Link) => void
  readonly #byConnection = new Map<string, Link>()
  readonly #byPeer = new Map<NodeId, Set<Link>>()
  readonly #current = new Map<NodeId, Link>()
  readonly #listeners = new Set<(change: PeerChange) => void>()
  readonly #ends = new Set<(link: Link, why: ClawError) => void>()
  #stopTicking: () => void = () => {}
  #recheckedAt: Millis = 0

  constructor(self: NodeId, context: LinkContext, onCurrent: (link: Link) => void) {
    this.#self = self
    this.#context = context
    this.#onCurrent = onCurrent
  }

  start(): void {
    const tick = (before: Millis): void => {
      const now = this.#context.clock.elapsed()
      this.#tick(now, now - before > 2 * pingEvery)
      this.#stopTicking = this.#context.clock.after(pingEvery, () => tick(now))
    }
    tick(this.#context.clock.elapsed())
  }

  async stop(): Promise<void> {
    this.#stopTicking()
    await Promise.all([...this.#byConnection.values()].map((link) => link.close()))
  }

  up(): readonly NodeId[] {
    return [...this.#current.keys()]
  }

  current(peer: NodeId): Link | undefined {
    return this.#current.get(peer)
  }

  has(connection: Connection): boolean {
    return this.#byConnection.has(connection.id)
  }

  onChange(listener: (change: PeerChange) => void): Unsubscribe {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Resolves when the peer is up; throws when the link over this connection ends before. */
  async untilUp(peer: NodeId, connection: Connection, signal: AbortSignal): Promise<void> {
    if (this.#current.has(peer)) return
    await new Promise<void>((resolve, reject) => {
      const abort = (): void => done(signal.reason)
      const ended = (link: Link, why: ClawError): void => {
        if (link.connection === connection) done(why)
      }
      const changed = this.onChange((change) => {
        if (change.peer === peer && change.up) done(null)
      })
      const done = (error: unknown): void => {
        changed()
        this.#ends.delete(ended)
        signal.removeEventListener('abort', abort)
        if (error === null) resolve()
        else reject(error instanceof Error ? error : new Error('gave up', { cause: error }))
      }
      this.#ends.add(ended)
      signal.addEventListener('abort', abort)
    })
  }

  /** A connection that we dialled: opens the lanes. A peer that has none is no member and is left alone. */
  async dialled(connection: Connection): Promise<void> {
    if (this.has(connection)) return
    const link = this.#add(connection)
    try {
      await link.open(AbortSignal.timeout(10 * second))
    } catch (error) {
      this.#context.log.debug('peer has no lanes', { peer: link.peer, error })
      if (isUnsupported(error)) this.#forget(link, notAMember('it does not speak our protocol'))
      else link.drop('the lanes could not be opened')
    }
  }

  /** A stream that the other side opened as one of its lanes. */
  accept(lane: Lane, stream: Stream, connection: Connection): void {
    const link = this.#byConnection.get(connection.id) ?? this.#add(connection)
    if (link.attach(lane, stream)) return
    this.#context.conduct.blame(link.peer, 'second-lane')
    stream.abort(new Error('there is such a lane already'))
  }

  /** Ends every link to the peer, telling it why. */
  refuse(peer: NodeId, why: ClawError): void {
    for (const link of [...(this.#byPeer.get(peer) ?? [])]) link.refuse(why)
  }

  async disconnect(peer: NodeId): Promise<void> {
    await Promise.all([...(this.#byPeer.get(peer) ?? [])].map((link) => link.close()))
  }

  /** Shows our newest certificate to everybody. */
  greet(): void {
    for (const link of this.#byConnection.values()) link.greet()
  }

  #add(connection: Connection): Link {
    const peer = nodeId(connection.remotePeer.toString())
    const link: Link = new Link({
      peer,
      connection,
      context: this.#context,
      onUp: () => this.#elect(peer),
      onRetired: () => this.#elect(peer),
      onEnd: (why) => this.#forget(link, why),
    })
    this.#byConnection.set(connection.id, link)
    const links = this.#byPeer.get(peer) ?? new Set()
    this.#byPeer.set(peer, links.add(link))
    return link
  }

  #elect(peer: NodeId): void {
    const before = this.#current.get(peer)
    const links = [...(this.#byPeer.get(peer) ?? [])].filter((link) => link.isUp)
    const [first, ...others] = links
    if (first === undefined) {
      this.#current.delete(peer)
      return
    }
    const best = others.reduce((a, b) => (isBetter(this.#asCandidate(b), this.#asCandidate(a)) ? b : a), first)
    this.#current.set(peer, best)
    for (const link of links) if (link !== best) link.retire()
    if (best !== before) this.#onCurrent(best)
    if (before === undefined) this.#tell({ peer, up: true, reset: false })
  }

  #forget(link: Link, why: ClawError): void {
    const { peer } = link
    this.#byConnection.delete(link.connection.id)
    const links = this.#byPeer.get(peer)
    links?.delete(link)
    if (links?.size === 0) this.#byPeer.delete(peer)
    for (const ended of [...this.#ends]) ended(link, why)
    if (this.#current.get(peer) !== link) return
    this.#current.delete(peer)
    this.#elect(peer)
    if (this.#current.has(peer)) return
    const reset = !link.saidGoodbye && why.code === 'NODE_UNREACHABLE'
    this.#tell({ peer, up: false, reset })
  }

  #tick(now: Millis, stoodStill: boolean): void {
    const isRecheck = now - this.#recheckedAt > recheckEvery
    if (isRecheck) this.#recheckedAt = now
    for (const link of [...this.#byConnection.values()]) {
      if (!link.isUp) continue
      if (isRecheck) link.recheck()
      if (stoodStill) link.forgive(now)
      if (now - link.heardAt > silence) link.drop('nothing was heard from it')
      else if (link.isDone && link.connection.direction === 'outbound') this.#closeRetired(link)
      else link.ping()
    }
  }

  #closeRetired(link: Link): void {
    link.close().catch((error: unknown) => this.#context.log.error('could not close a retired link', { error }))
  }

  #asCandidate({ peer, connection, openedAt, isRetired }: Link): Candidate {
    const dialler = connection.direction === 'outbound' ? this.#self : peer
    return { isDirect: connection.direct, dialler, openedAt, isRetired }
  }

  #tell(change: PeerChange): void {
    for (const listener of [...this.#listeners]) listener(change)
  }
}

export const notAMember = (reason: string): ClawError => new ClawError('NOT_A_MEMBER', { reason })

const isUnsupported = (error: unknown): boolean => error instanceof Error && error.name === 'UnsupportedProtocolError'
