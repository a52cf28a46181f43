/**
 * A stand-in for Raft that keeps its promises and no more: one order for all, applied at each peer some time later, proposals
 * whose fate their proposer may never learn, and entries of its own that no machine sees.
 */
import { atOnce, joined } from '../../src/lib/slices.ts'
import type { Consensus, Committed, Machine, VoterChange } from '../../src/services/consensus/types.ts'
import type { GatewayStatus } from '../../src/services/control/types.ts'
import { ClawError } from '../../src/model/failure.ts'
import type { NodeId } from '../../src/model/ids.ts'
import type { Unsubscribe } from '../../src/ports/rpc.ts'
import type { World } from '../../src/simulation/world.ts'

/** `payload` is null for an entry that consensus needs for itself. */
interface Entry {
  readonly index: number
  readonly term: number
  readonly payload: Uint8Array | null
}

interface Peer {
  readonly machine: Machine
  readonly listeners: Set<(status: GatewayStatus) => void>
  applied: number
}

export class FakeConsensus {
  readonly log: Entry[] = []
  readonly voterChanges: VoterChange[] = []
  learners: readonly NodeId[] = []
  voters: NodeId[] = []
  silent = new Map<NodeId, number>()
  mute = new Set<NodeId>()
  term = 0
  leader: NodeId | null = null
  /** Longest time that anything takes, in ms. */
  delay = 10
  readonly #world: World
  readonly #peers = new Map<NodeId, Peer>()

  constructor(world: World) {
    this.#world = world
  }

  join(node: NodeId, machine: Machine): Consensus {
    const peer: Peer = { machine, listeners: new Set(), applied: 0 }
    this.#peers.set(node, peer)
    return {
      status: () => this.#status(node),
      lead: () => this.#status(node),
      propose: (payload) => this.#propose(node, payload),
      readIndex: () => this.#readIndex(node),
      setLearners: (learners) => {
        this.learners = learners
      },
      changeVoters: (change) => this.#changeVoters(node, change),
      transfer: (to) => {
        this.elect(to)
        return Promise.resolve(true)
      },
      beginEra: () => Promise.reject(new Error('the stand-in knows no eras')),
      onRole: (listener): Unsubscribe => {
        peer.listeners.add(listener)
        return () => void peer.listeners.delete(listener)
      },
    }
  }

  /** Makes a peer the leader of a new term, or nobody. */
  elect(node: NodeId | null): void {
    this.term += 1
    this.leader = node
    if (node !== null) this.#append(null)
    for (const [id, peer] of this.#peers) for (const listener of [...peer.listeners]) listener(this.#status(id))
  }

  /** Has a peer that is behind take over the state of another instead of the entries. */
  sendSnapshot(from: NodeId, to: NodeId): void {
    const source = this.#peers.get(from)
    const target = this.#peers.get(to)
    if (source === undefined || target === undefined || source.applied <= target.applied) return
    atOnce(target.machine.restore(joined(source.machine.snapshot())))(source.applied)
    target.applied = source.applied
  }

  #status(node: NodeId): GatewayStatus {
    const peers = [...this.#peers]
    return {
      role: this.leader === node ? 'leader' : this.voters.includes(node) ? 'follower' : 'learner',
      term: this.term,
      leader: this.leader,
      voters: this.voters,
      committed: this.log.length,
      applied: this.#peers.get(node)?.applied ?? 0,
      outOfTouchFor: this.leader === null ? Infinity : 0,
      followers:
        this.leader === node
          ? peers
              .filter(([id]) => id !== node)
              .map(([id, { applied }]) => ({
                node: id,
                matched: applied,
                silentFor: this.silent.get(id) ?? 0,
                isMute: this.mute.has(id),
              }))
          : [],
    }
  }

  #propose(node: NodeId, payload: Uint8Array): Promise<{ index: number; term: number }> {
    const { term } = this
    return this.#later(() => {
      if (this.leader === node && this.term === term) return { index: this.#append(payload), term }
      // Its time is over. What it had sent may have reached the others in time, or not.
      if (this.#world.next() < 0.5) this.#append(payload)
      throw new ClawError('NO_LEADER', { detail: 'the lead was lost' })
    })
  }

  #readIndex(node: NodeId): Promise<number> {
    const index = this.log.length
    return this.#later(() => {
      if (this.leader !== node) throw new ClawError('NO_LEADER', { detail: 'the lead was lost' })
      return index
    })
  }

  async #changeVoters(node: NodeId, change: VoterChange): Promise<void> {
    await this.#later(() => {
      if (this.leader !== node) throw new ClawError('NO_LEADER', { detail: 'the lead was lost' })
      this.voterChanges.push(change)
      this.voters = this.voters.filter((voter) => voter !== change.remove)
      if (change.add !== null) this.voters = [...this.voters, change.add]
      this.#append(null)
    })
  }

  #append(payload: Uint8Array | null): number {
    this.log.push({ index: this.log.length + 1, term: this.term, payload })
    for (const peer of this.#peers.values())
      this.#world.after(this.#world.next() * this.delay, () => this.#catchUp(peer))
    return this.log.length
  }

  #catchUp(peer: Peer): void {
    const entries = this.log.slice(peer.applied)
    peer.applied = this.log.length
    try {
      peer.machine.apply(entries.filter((entry): entry is Committed => entry.payload !== null))
    } catch (error) {
      // It stands aside, as the real one does.
      if (!ClawError.is(error, 'VERSION_UNSUPPORTED')) throw error
    }
  }

  #later<T>(run: () => T): Promise<T> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#world.after(this.#world.next() * this.delay, resolve)
    return promise.then(run)
  }
}
