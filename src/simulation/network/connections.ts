/** Who is connected to whom, when connections break, and how they come back. */
import { ClawError } from '../../model/failure.ts'
import type { NodeId } from '../../model/ids.ts'
import type { Millis } from '../../model/time.ts'
import type { World } from '../world.ts'
import type { Medium } from './medium.ts'
import type { Process } from './process.ts'

/** One end of a connection. The two ends learn of a break at different times. */
export interface End {
  readonly local: Process
  readonly remote: Process
  /** Told once, when this end closes. */
  readonly closers: Set<() => void>
  open: boolean
}

export interface PeerChange {
  readonly peer: NodeId
  readonly up: boolean
  readonly reset: boolean
}

export interface ConnectionSettings {
  /** A connection over which nothing comes for so long is given up. */
  readonly silenceAfter: Millis
  /** How long after a break, a heal or a start a connection is tried. */
  readonly redialAfter: Millis
  /** Do peers connect to each other by themselves? */
  readonly autoConnect: boolean
}

export class Connections {
  /** May these two be connected at all? For meshes in which not everybody can reach everybody. */
  mayConnect: (a: NodeId, b: NodeId) => boolean = () => true
  readonly outsiders = new Set<NodeId>()
  readonly #world: World
  readonly #medium: Medium
  readonly #settings: ConnectionSettings
  readonly #processes = new Map<NodeId, Process>()
  readonly #ends = new Map<Process, Map<NodeId, End>>()
  readonly #listeners = new Map<Process, Set<(change: PeerChange) => void>>()
  /** Pairs that were disconnected on purpose. */
  readonly #apart = new Set<string>()

  constructor(world: World, medium: Medium, settings: ConnectionSettings) {
    this.#world = world
    this.#medium = medium
    this.#settings = settings
  }

  add(process: Process): void {
    this.#processes.set(process.id, process)
    this.#ends.set(process, new Map())
    this.#listeners.set(process, new Set())
    this.redial(process.id)
  }

  /** The process is gone. With `silently`, nobody is told: its machine lost power. */
  remove(process: Process, silently: boolean): void {
    const ends = [...this.#endsOf(process).values()]
    for (const end of ends) end.open = false
    this.#ends.delete(process)
    this.#listeners.delete(process)
    if (this.#processes.get(process.id) === process) this.#processes.delete(process.id)
    for (const { remote } of ends) {
      if (!silently) this.#medium.signal(process.id, remote, () => this.#closeEnd(this.#endOf(remote, process), true))
      this.#watchSilence(remote, process)
    }
  }

  end(local: Process, peer: NodeId): End | undefined {
    return this.#ends.get(local)?.get(peer)
  }

  /** Members that this process is connected to. */
  up(local: Process): readonly NodeId[] {
    if (this.outsiders.has(local.id)) return []
    return [...this.#endsOf(local).keys()].filter((peer) => !this.outsiders.has(peer))
  }

  listen(local: Process, listener: (change: PeerChange) => void): () => void {
    const listeners = this.#listeners.get(local)
    listeners?.add(listener)
    return () => {
      listeners?.delete(listener)
    }
  }

  /** Breaks the connection of two processes that both live, as a proxy between them would. */
  reset(a: NodeId, b: NodeId): void {
    this.#close(a, b, true)
  }

  /** Closes in an orderly way. They stay apart until one of them connects again. */
  disconnect(a: NodeId, b: NodeId): void {
    this.#apart.add(pair(a, b))
    this.#close(a, b, false)
  }

  /** Connects, or says why that is not possible. Takes the time of a handshake. */
  async connect(local: Process, peer: NodeId): Promise<void> {
    this.#apart.delete(pair(local.id, peer))
    if (!this.#isOpen(local.id, peer)) {
      await new Promise<void>((resolve) => this.#world.after(this.#handshake(), resolve))
      if (!this.#open(local.id, peer)) throw new ClawError('NODE_UNREACHABLE', { node: peer, detail: 'no answer' })
    }
    if (this.outsiders.has(local.id)) throw new ClawError('NOT_A_MEMBER', { reason: 'we have no certificate' })
    if (this.outsiders.has(peer)) throw new ClawError('NOT_A_MEMBER', { reason: 'the peer has no certificate' })
  }

  setMember(id: NodeId, isMember: boolean): void {
    if (isMember !== this.outsiders.has(id)) return
    if (isMember) this.outsiders.delete(id)
    const process = this.#processes.get(id)
    for (const { local, remote } of process === undefined ? [] : this.#endsOf(process).values()) {
      if (this.outsiders.has(remote.id)) continue
      this.#tell(local, { peer: remote.id, up: isMember, reset: false })
      this.#tell(remote, { peer: local.id, up: isMember, reset: false })
    }
    if (!isMember) this.outsiders.add(id)
  }

  /** After something has changed for the better: connects the process to everybody whom it can reach. */
  redial(id: NodeId): void {
    if (!this.#settings.autoConnect) return
    for (const peer of this.#processes.keys()) if (peer !== id) this.#dialLater(id, peer)
  }

  /** After something has changed for the worse: gives up connections over which nothing comes any more. */
  suspectSilence(id: NodeId): void {
    const process = this.#processes.get(id)
    if (process === undefined) return
    for (const { remote } of this.#endsOf(process).values()) {
      this.#watchSilence(process, remote)
      this.#watchSilence(remote, process)
    }
  }

  #dialLater(a: NodeId, b: NodeId): void {
    if (!this.#settings.autoConnect || !this.mayConnect(a, b)) return
    this.#world.after(this.#settings.redialAfter + this.#handshake(), () => {
      if (!this.#apart.has(pair(a, b))) this.#open(a, b)
    })
  }

  #open(a: NodeId, b: NodeId): boolean {
    const [one, other] = [this.#processes.get(a), this.#processes.get(b)]
    if (one === undefined || other === undefined || !this.mayConnect(a, b)) return false
    if (this.#isOpen(a, b)) return true
    if (!one.running || !other.running || this.#isBroken(one, other)) return false
    this.#close(a, b, true)
    for (const [local, remote] of [[one, other] as const, [other, one] as const]) {
      this.#endsOf(local).set(remote.id, { local, remote, closers: new Set(), open: true })
      this.#tell(local, { peer: remote.id, up: true, reset: false })
    }
    return true
  }

  #close(a: NodeId, b: NodeId, reset: boolean): void {
    for (const [local, peer] of [[this.#processes.get(a), b] as const, [this.#processes.get(b), a] as const])
      if (local !== undefined) this.#closeEnd(this.end(local, peer), reset)
  }

  #closeEnd(end: End | undefined, reset: boolean): void {
    if (end?.open !== true) return
    end.open = false
    this.#endsOf(end.local).delete(end.remote.id)
    for (const close of end.closers) close()
    this.#tell(end.local, { peer: end.remote.id, up: false, reset })
    this.#dialLater(end.local.id, end.remote.id)
  }

  #watchSilence(local: Process, remote: Process): void {
    const end = this.#endOf(local, remote)
    if (end === undefined) return
    this.#world.after(this.#settings.silenceAfter, () => {
      if (!end.open || !this.#isBroken(local, remote)) return
      local.run(() => this.#closeEnd(end, false))
      this.#medium.signal(local.id, remote, () => this.#closeEnd(this.#endOf(remote, local), true))
    })
  }

  #isBroken(a: Process, b: Process): boolean {
    return !a.running || !b.running || this.#medium.isCut(a.id, b.id) || this.#medium.isCut(b.id, a.id)
  }

  #isOpen(a: NodeId, b: NodeId): boolean {
    const [one, other] = [this.#processes.get(a), this.#processes.get(b)]
    if (one === undefined || other === undefined) return false
    return this.#endOf(one, other) !== undefined && this.#endOf(other, one) !== undefined
  }

  /** The open end towards this very life of the peer, not towards an earlier one. */
  #endOf(local: Process, remote: Process): End | undefined {
    const end = this.end(local, remote.id)
    return end?.remote === remote ? end : undefined
  }

  #endsOf(process: Process): Map<NodeId, End> {
    return this.#ends.get(process) ?? new Map<NodeId, End>()
  }

  #tell(local: Process, change: PeerChange): void {
    if (this.outsiders.has(local.id) || this.outsiders.has(change.peer)) return
    for (const listener of this.#listeners.get(local) ?? []) local.run(() => listener(change))
  }

  #handshake(): Millis {
    return 3 * this.#medium.latency()
  }
}

const pair = (a: NodeId, b: NodeId): string => (a < b ? `${a} ${b}` : `${b} ${a}`)
