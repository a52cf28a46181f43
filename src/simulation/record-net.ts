/**
 * The table of records among simulated nodes. It keeps to what kad-dht does, not to what it should do: whoever is given a record checks it and
 * stores it, whoever is asked says what it has, and some of those may lie.
 */
import { sha256 } from '../lib/sha256.ts'
import type { NodeId } from '../model/ids.ts'
import type { Millis } from '../model/time.ts'
import type { Clock } from '../ports/clock.ts'
import type { Found, PutOutcome, RecordGuard, RecordNet, RecordReply } from '../ports/record-net.ts'
import type { Unsubscribe } from '../ports/rpc.ts'

/** `withholds`: it has nothing to say. `stuck`: it takes no record, and gives away what it has. `silent`: it does not answer at all. */
export type Manners = 'honest' | 'withholds' | 'stuck' | 'silent'

/** All nodes that have a part in one table. */
export class SimRecordTable {
  readonly #nodes = new Map<NodeId, SimRecordNet>()
  readonly #clock: Clock
  readonly k: number
  /** How long one peer takes to answer. */
  latency: Millis = 5

  constructor(clock: Clock, k = 20) {
    this.#clock = clock
    this.k = k
  }

  join(id: NodeId, guard: RecordGuard): SimRecordNet {
    const node = new SimRecordNet(id, guard, this)
    this.#nodes.set(id, node)
    this.#changed()
    return node
  }

  leave(id: NodeId): void {
    this.#nodes.delete(id)
    this.#changed()
  }

  /** Everybody but the one who asks, the closest to the key first. */
  closest(key: string, but: NodeId): readonly SimRecordNet[] {
    const place = BigInt(`0x${sha256(key)}`)
    const distance = ({ self }: SimRecordNet): bigint => BigInt(`0x${sha256(self)}`) ^ place
    return [...this.#nodes.values()]
      .filter(({ self }) => self !== but)
      .map((node) => ({ node, far: distance(node) }))
      .toSorted((a, b) => (a.far < b.far ? -1 : 1))
      .slice(0, this.k)
      .map(({ node }) => node)
  }

  /** Resolves after one peer's time; rejects as soon as the signal is aborted. */
  async pass(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const abort = (): void => reject(signal.reason as Error)
    signal.addEventListener('abort', abort)
    const stop = this.#clock.after(this.latency, resolve)
    try {
      await promise
    } finally {
      stop()
      signal.removeEventListener('abort', abort)
    }
  }

  #changed(): void {
    for (const node of this.#nodes.values()) node.neighboursChanged()
  }
}

export class SimRecordNet implements RecordNet {
  manners: Manners = 'honest'
  readonly self: NodeId
  readonly #guard: RecordGuard
  readonly #table: SimRecordTable
  readonly #records = new Map<string, Uint8Array>()
  readonly #providers = new Map<string, Set<NodeId>>()
  readonly #listeners = new Set<() => void>()

  constructor(self: NodeId, guard: RecordGuard, table: SimRecordTable) {
    this.self = self
    this.#guard = guard
    this.#table = table
  }

  /** What a dishonest node keeps, whatever anybody thinks of it. */
  plant(key: string, value: Uint8Array): void {
    this.#records.set(key, value)
  }

  local(key: string): Promise<Uint8Array | null> {
    return Promise.resolve(this.#records.get(key) ?? null)
  }

  forget(key: string): Promise<void> {
    this.#records.delete(key)
    return Promise.resolve()
  }

  async *kept(): AsyncGenerator<{ readonly key: string; readonly value: Uint8Array }> {
    for (const [key, value] of [...this.#records]) yield await Promise.resolve({ key, value })
  }

  async put(key: string, value: Uint8Array, { signal }: Parameters<RecordNet['put']>[2]): Promise<PutOutcome> {
    signal.throwIfAborted()
    const refusal = this.#keep(key, value)
    if (refusal !== null) throw new Error(`not stored: ${refusal}`)
    const [stored, failed]: [NodeId[], NodeId[]] = [[], []]
    for (const peer of this.#table.closest(key, this.self)) {
      await this.#table.pass(signal)
      const isStored = await peer.receives(key, value)
      if (isStored) stored.push(peer.self)
      else failed.push(peer.self)
    }
    return { stored, failed }
  }

  async *ask(key: string, signal: AbortSignal): AsyncGenerator<RecordReply> {
    for (const peer of this.#table.closest(key, this.self)) {
      await this.#table.pass(signal)
      const value = peer.answers(key)
      // As in kad-dht: what is not good is no answer.
      const isGood = value !== null && (await this.#guard.check(key, value)) === null
      yield { from: peer.self, value: isGood ? value : null }
    }
    signal.throwIfAborted()
  }

  async correct(to: NodeId, key: string, value: Uint8Array, signal: AbortSignal): Promise<void> {
    await this.#table.pass(signal)
    const peer = this.#table.closest(key, this.self).find(({ self }) => self === to)
    await peer?.receives(key, value)
  }

  async provide(topic: Uint8Array, signal: AbortSignal): Promise<void> {
    const name = Buffer.from(topic).toString('hex')
    this.#provides(name, this.self)
    for (const peer of this.#table.closest(name, this.self)) {
      await this.#table.pass(signal)
      peer.#provides(name, this.self)
    }
  }

  async *findProviders(topic: Uint8Array, signal: AbortSignal): AsyncGenerator<Found> {
    const name = Buffer.from(topic).toString('hex')
    const seen = new Set<NodeId>()
    for (const peer of [this, ...this.#table.closest(name, this.self)]) {
      await this.#table.pass(signal)
      for (const node of peer.#providers.get(name) ?? []) {
        if (seen.has(node)) continue
        seen.add(node)
        yield { node, addresses: [] }
      }
    }
  }

  closest(key: string): Promise<readonly NodeId[]> {
    return Promise.resolve(this.#table.closest(key, this.self).map(({ self }) => self))
  }

  onNeighbours(listener: () => void): Unsubscribe {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  neighboursChanged(): void {
    for (const listener of this.#listeners) listener()
  }

  /** A peer wants it to keep something. Whether it says that it does. */
  async receives(key: string, value: Uint8Array): Promise<boolean> {
    if (this.manners === 'silent' || this.manners === 'stuck') return false
    if ((await this.#guard.check(key, value)) !== null) return false
    return this.#keep(key, value) === null
  }

  answers(key: string): Uint8Array | null {
    const value = this.#records.get(key)
    if (value === undefined || this.manners === 'withholds' || this.manners === 'silent') return null
    return this.manners === 'stuck' || this.#guard.isAlive(key, value) ? value : null
  }

  #keep(key: string, value: Uint8Array): string | null {
    const refusal = this.#guard.admit(key, value, this.#records.get(key) ?? null)
    if (refusal !== null) return refusal
    this.#records.set(key, value)
    this.#guard.keeps(key, value)
    return null
  }

  #provides(topic: string, node: NodeId): void {
    const nodes = this.#providers.get(topic) ?? new Set()
    this.#providers.set(topic, nodes.add(node))
  }
}
