/** Some consensus services on a simulated network, each with a simulated disk that outlives it. */
import { cut, type Slices } from '../../src/lib/slices.ts'
import type { Settings } from '../../src/core/consensus/types.ts'
import { lan } from '../../src/core/consensus/settings.ts'
import { nodeId } from '../../src/model/ids.ts'
import type { NodeId } from '../../src/model/ids.ts'
import { silent } from '../../src/ports/log.ts'
import type { CompactionSettings } from '../../src/services/consensus/compactor.ts'
import { ConsensusService } from '../../src/services/consensus/service.ts'
import type { Committed, Machine } from '../../src/services/consensus/types.ts'
import { SimDisk } from '../../src/simulation/disk.ts'
import type { SimNetwork } from '../../src/simulation/network.ts'
import { simNetwork } from '../../src/simulation/network.ts'
import { World } from '../../src/simulation/world.ts'
import { FakeMetrics } from './fake-metrics.ts'

/** Replicates a list of words. */
export class WordList implements Machine {
  words: string[] = []
  /** Whether a snapshot has been read, or is being read. */
  hasRead = false
  index = 0

  apply(entries: readonly Committed[]): void {
    for (const { index, payload } of entries) {
      if (index <= this.index) throw new Error(`entry ${index} was applied after ${this.index}`)
      this.index = index
      this.words.push(new TextDecoder().decode(payload))
    }
  }

  check(): void {
    // Words are of no version.
  }

  snapshot(): Slices<Uint8Array> {
    return cut(word(JSON.stringify(this.words)), 16)
  }

  *restore(snapshot: Uint8Array): Slices<void, (index: number) => void> {
    this.hasRead = true
    const words = JSON.parse(new TextDecoder().decode(snapshot)) as string[]
    yield
    return (index) => {
      this.words = words
      this.index = index
    }
  }
}

export const word = (text: string): Uint8Array => new TextEncoder().encode(text)

export interface Peer {
  readonly id: NodeId
  readonly machine: WordList
  readonly service: ConsensusService
  /** States that a later era has replaced here. */
  readonly replaced: readonly string[]
}

export class ConsensusGroup {
  readonly world: World
  readonly network: SimNetwork
  readonly disks = new Map<NodeId, SimDisk>()
  readonly peers = new Map<NodeId, Peer>()
  /** Peers that the others never follow. */
  readonly workers = new Set<NodeId>()
  readonly #compaction: CompactionSettings
  readonly #settings: Settings

  constructor(seed: number, compaction: CompactionSettings = { entries: 40, bytes: 1e6, keep: 10 }, settings = lan) {
    this.world = new World(seed)
    this.network = simNetwork(this.world)
    this.#compaction = compaction
    this.#settings = settings
  }

  async start(id: NodeId, founders: readonly NodeId[]): Promise<Peer> {
    const { clock, rpc, peers } = this.network.host(id)
    const disk = this.disks.get(id) ?? new SimDisk({ random: this.world, clock: this.world, latency: 1 })
    this.disks.set(id, disk)
    const machine = new WordList()
    const replaced: string[] = []
    const keepReplaced = (state: Uint8Array): Promise<void> => {
      replaced.push(new TextDecoder().decode(state))
      return Promise.resolve()
    }
    const service = new ConsensusService(
      {
        ...{ self: id, clock, disk, rpc, peers, log: silent, metrics: new FakeMetrics() },
        mayLead: (peer) => !this.workers.has(peer),
      },
      { machine, settings: this.#settings, founders, compaction: this.#compaction, keepReplaced },
    )
    const peer = { id, machine, service, replaced }
    this.peers.set(id, peer)
    const started = service.start()
    await this.world.runFor(50)
    await started
    return peer
  }

  /** As many peers as names, all of them voters from the start. */
  async found(...names: readonly string[]): Promise<Peer[]> {
    const ids = names.map(nodeId)
    const peers: Peer[] = []
    for (const id of ids) peers.push(await this.start(id, ids))
    return peers
  }

  /** As `kill -9`, or with the power: the disk keeps what was flushed. */
  crash(id: NodeId, how: { readonly silently?: boolean } = {}): void {
    this.network.crash(id, how)
    this.disks.get(id)?.crash()
    this.peers.delete(id)
  }

  leader(): Peer | undefined {
    const leading = [...this.peers.values()].filter(({ service }) => service.status().role === 'leader')
    return leading.toSorted((a, b) => b.service.status().term - a.service.status().term)[0]
  }

  async untilLeader(limit = 10_000): Promise<Peer> {
    await this.world.runUntil(() => this.leader() !== undefined, limit)
    const leader = this.leader()
    if (leader === undefined) throw new Error('the leader is gone again')
    return leader
  }

  /** Lets time pass until the promise settles. */
  async settled<T>(promise: Promise<T>, limit = 30_000): Promise<T> {
    let done = false
    const watched = promise.finally(() => {
      done = true
    })
    watched.catch(() => 'seen by whoever awaits it')
    await this.world.runUntil(() => done, limit)
    return watched
  }

  /** Commits through whoever leads, as often as it takes. */
  async commit(text: string): Promise<number> {
    const leader = await this.untilLeader()
    return (await this.settled(leader.service.propose(word(text)))).index
  }
}
