/** Keeps this node connected: to all members of a small mesh, to the voters and some others of a large one. */
import { wantedLinks } from '../../core/admission/wanted-links.ts'
import type { NodeId } from '../../model/ids.ts'
import { type Millis, second } from '../../model/time.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Log } from '../../ports/log.ts'
import type { Peers } from '../../ports/peers.ts'
import type { Random } from '../../ports/random.ts'
import type { Unsubscribe } from '../../ports/rpc.ts'
import type { Service } from '../../ports/service.ts'

export interface MeshLinksDeps {
  readonly peers: Peers
  /** Whom the state knows; also peers that are only remembered, before there is any state. */
  readonly members: () => Iterable<NodeId>
  /** Those who vote on what the mesh decides, as far as this node knows. */
  readonly voters: () => readonly NodeId[]
  readonly addressesOf: (node: NodeId) => readonly string[]
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
}

interface Attempt {
  readonly failures: number
  readonly due: Millis
}

interface Dial {
  readonly since: Millis
  readonly done: Promise<void>
}

const lookEvery: Millis = second / 2
const longestWait: Millis = 30 * second
const attemptTime: Millis = 15 * second
/** So many dials are begun within `quickDial` at most: one that works costs some tens of milliseconds of processor time. */
const atOnce = 4
const quickDial: Millis = second
/** So many are under way at most, with those that nobody answers. */
const mostDials = 32
/** When a link that had failed works again, so may others: they are tried within this. */
const hastened: Millis = 2 * second

export class MeshLinksService implements Service {
  readonly name = 'mesh-links'
  readonly #deps: MeshLinksDeps
  readonly #attempts = new Map<NodeId, Attempt>()
  readonly #dialling = new Map<NodeId, Dial>()
  #lastMembers: readonly NodeId[] = []
  #lastVoters: readonly NodeId[] = []
  #lastWanted: ReadonlySet<NodeId> = new Set()
  #stopped = new AbortController()
  #stopLooking: () => void = () => {}
  #stopListening: Unsubscribe = () => {}

  constructor(deps: MeshLinksDeps) {
    this.#deps = deps
  }

  start(): Promise<void> {
    const { peers } = this.#deps
    this.#stopped = new AbortController()
    this.#stopListening = peers.onChange(({ peer, up }) => {
      if (up) this.#cameUp(peer)
    })
    this.#look()
    return Promise.resolve()
  }

  async stop(): Promise<void> {
    this.#stopLooking()
    this.#stopListening()
    this.#stopped.abort(new Error('the service stops'))
    await Promise.all([...this.#dialling.values()].map(({ done }) => done))
  }

  #look(): void {
    const { peers, clock, members, voters } = this.#deps
    const up = new Set(peers.up())
    const wanted = this.#wanted([...members()], voters())
    for (const peer of this.#attempts.keys()) if (!wanted.has(peer)) this.#attempts.delete(peer)
    const due = [...wanted].filter((peer) => !up.has(peer) && !this.#dialling.has(peer) && this.#isDue(peer))
    // Those that answered last first, so that no number of dead members keeps a living one waiting.
    for (const peer of due.toSorted((a, b) => this.#failures(a) - this.#failures(b)).slice(0, this.#room())) {
      const done = this.#dial(peer).finally(() => this.#dialling.delete(peer))
      this.#dialling.set(peer, { since: clock.elapsed(), done })
    }
    this.#stopLooking = clock.after(lookEvery, () => this.#look())
  }

  #cameUp(peer: NodeId): void {
    const { clock, random } = this.#deps
    const hadFailed = this.#failures(peer) > 0
    this.#attempts.delete(peer)
    if (!hadFailed) return
    for (const [other, { failures, due }] of this.#attempts)
      this.#attempts.set(other, { failures, due: Math.min(due, clock.elapsed() + random.next() * hastened) })
  }

  #failures(peer: NodeId): number {
    return this.#attempts.get(peer)?.failures ?? 0
  }

  /** How many more may be dialled now. */
  #room(): number {
    const now = this.#deps.clock.elapsed()
    const quick = [...this.#dialling.values()].filter(({ since }) => now - since < quickDial).length
    return Math.max(0, Math.min(atOnce - quick, mostDials - this.#dialling.size))
  }

  /** Worked out anew only when the members are others than before: in a large mesh it means sorting them all. */
  #wanted(members: readonly NodeId[], voters: readonly NodeId[]): ReadonlySet<NodeId> {
    if (!isSame(members, this.#lastMembers) || !isSame(voters, this.#lastVoters))
      this.#lastWanted = wantedLinks(this.#deps.peers.self, members, voters)
    this.#lastMembers = members
    this.#lastVoters = voters
    return this.#lastWanted
  }

  /** The larger id of a pair lets the smaller dial first, so that they seldom meet half-way. */
  #isDue(peer: NodeId): boolean {
    const { peers, clock } = this.#deps
    const attempt = this.#attempts.get(peer)
    if (attempt !== undefined) return clock.elapsed() >= attempt.due
    if (peers.self < peer) return true
    this.#attempts.set(peer, { failures: 0, due: clock.elapsed() + second })
    return false
  }

  async #dial(peer: NodeId): Promise<void> {
    const { peers, clock, random, addressesOf, log } = this.#deps
    const limit = new AbortController()
    const giveUp = (): void => limit.abort(new Error('no answer in time'))
    const stopTimer = clock.after(attemptTime, giveUp)
    this.#stopped.signal.addEventListener('abort', giveUp)
    try {
      await peers.connect(peer, addressesOf(peer), limit.signal)
      this.#attempts.delete(peer)
    } catch (error) {
      const failures = this.#failures(peer) + 1
      const wait = Math.min(longestWait, lookEvery * 2 ** Math.min(failures, 10)) * (0.5 + random.next() / 2)
      this.#attempts.set(peer, { failures, due: clock.elapsed() + wait })
      log.debug('could not connect to a member', { peer, failures, error })
    } finally {
      stopTimer()
      this.#stopped.signal.removeEventListener('abort', giveUp)
    }
  }
}

const isSame = (a: readonly NodeId[], b: readonly NodeId[]): boolean =>
  a.length === b.length && a.every((node, i) => node === b[i])
