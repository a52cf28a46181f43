/**
 * The RecordNet port over kad-dht. It asks and puts by itself, event by event: kad-dht's own `get` fails as a whole when one peer will not
 * take a correction, and takes the first answer for the truth.
 */
import { createHash } from 'node:crypto'
import { MessageType, Record as StoredRecord } from '@libp2p/kad-dht'
import { peerIdFromString } from '@libp2p/peer-id'
import { CID } from 'multiformats/cid'
import * as raw from 'multiformats/codecs/raw'
import * as digests from 'multiformats/hashes/digest'
import { sameBytes } from '../../lib/same-bytes.ts'
import { ClawError } from '../../model/failure.ts'
import { type NodeId, nodeId } from '../../model/ids.ts'
import { type Millis, second } from '../../model/time.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Log } from '../../ports/log.ts'
import type { Found, PutOutcome, RecordNet, RecordReply } from '../../ports/record-net.ts'
import type { Unsubscribe } from '../../ports/rpc.ts'
import { deadline, reasonOf } from './abort.ts'
import type { Dht } from './dht-parts.ts'
import { bytesOf, type DhtShelf, forgetRecord, RecordNotStored, recordAt, recordsIn } from './dht-store.ts'

/** So long a put goes on with the peers that are left once enough have answered. */
const restOfPut: Millis = 30 * second
/** What kad-dht calls the way on which it asks a peer outside of a query. */
const noPath = { index: -1, queued: 0, running: 0, total: 0 }
const sha2 = 0x12

export interface DhtNetDeps {
  readonly clock: Clock
  readonly log: Log
}

/** With what its own store is a view of. */
export interface RunningDht extends DhtShelf {
  readonly dht: Dht
  readonly self: NodeId
}

export class DhtRecordNet implements RecordNet {
  readonly #deps: DhtNetDeps
  readonly #listeners = new Set<() => void>()
  #running: RunningDht | null = null

  constructor(deps: DhtNetDeps) {
    this.#deps = deps
  }

  /** It is on that table from now on. */
  runsOn(running: RunningDht): void {
    this.#running = running
    for (const change of ['peer:add', 'peer:remove'] as const)
      running.dht.routingTable.addEventListener(change, () => {
        for (const listener of this.#listeners) listener()
      })
  }

  get self(): NodeId {
    return this.#table.self
  }

  local(key: string): Promise<Uint8Array | null> {
    return recordAt(this.#table, key)
  }

  forget(key: string): Promise<void> {
    return forgetRecord(this.#table, key)
  }

  kept(): ReturnType<RecordNet['kept']> {
    return recordsIn(this.#table)
  }

  async put(key: string, value: Uint8Array, { enough, signal }: Parameters<RecordNet['put']>[2]): Promise<PutOutcome> {
    signal.throwIfAborted()
    const { log } = this.#deps
    const [stored, failed] = [new Set<NodeId>(), new Set<NodeId>()]
    const { promise, resolve, reject } = Promise.withResolvers<PutOutcome>()
    const outcome = (): PutOutcome => ({ stored: [...stored], failed: [...failed] })
    const life = this.#outliving(signal)
    const abort = (): void => reject(reasonOf(signal))
    signal.addEventListener('abort', abort)
    const work = async (): Promise<void> => {
      for await (const { from, isStored } of this.#putting(key, value, life.signal)) {
        if (isStored) stored.add(from)
        else if (!stored.has(from)) failed.add(from)
        if (stored.size < enough) continue
        life.letGo()
        resolve(outcome())
      }
    }
    work()
      .then(
        () => resolve(outcome()),
        (error: unknown) => {
          log.debug('a put came to nothing', { key, error })
          reject(
            refusedBy(error, key) ?? (error instanceof Error ? error : new Error('a put failed', { cause: error })),
          )
        },
      )
      .finally(life.clear)
      .catch((error: unknown) => log.error('a put ended badly', { error }))
    try {
      return await promise
    } finally {
      signal.removeEventListener('abort', abort)
    }
  }

  async *#putting(
    key: string,
    value: Uint8Array,
    signal: AbortSignal,
  ): AsyncGenerator<{ readonly from: NodeId; readonly isStored: boolean }> {
    for await (const event of this.#table.dht.put(bytesOf(key), value, { signal })) {
      if (event.name === 'QUERY_ERROR') yield { from: nodeId(event.from.toString()), isStored: false }
      if (event.name !== 'PEER_RESPONSE' || event.messageName !== 'PUT_VALUE') continue
      const isStored = event.record !== undefined && sameBytes(event.record.value, value)
      yield { from: nodeId(event.from.toString()), isStored }
    }
  }

  async *ask(key: string, signal: AbortSignal): AsyncGenerator<RecordReply> {
    signal.throwIfAborted()
    try {
      for await (const event of this.#table.dht.get(bytesOf(key), { signal })) {
        // All have been asked: kad-dht would now correct them, and fail when one of them does not let itself be corrected.
        if (event.path.index === noPath.index && event.name === 'DIAL_PEER') return
        if (event.name === 'QUERY_ERROR') yield { from: nodeId(event.from.toString()), value: null }
        if (event.name === 'PEER_RESPONSE' && event.messageName === 'GET_VALUE')
          yield { from: nodeId(event.from.toString()), value: event.record?.value ?? null }
      }
    } catch (error) {
      signal.throwIfAborted()
      throw error
    }
    signal.throwIfAborted()
  }

  async correct(peer: NodeId, key: string, value: Uint8Array, signal: AbortSignal): Promise<void> {
    const name = bytesOf(key)
    const record = new StoredRecord(name, value, new Date()).serialize()
    const request = { type: MessageType.PUT_VALUE, key: name, record }
    await drain(this.#table.dht.network.sendRequest(peerIdFromString(peer), request, { signal, path: noPath }))
  }

  async provide(topic: Uint8Array, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    await drain(this.#table.dht.provide(cidOf(topic), { signal }))
    signal.throwIfAborted()
  }

  async *findProviders(topic: Uint8Array, signal: AbortSignal): AsyncGenerator<Found> {
    signal.throwIfAborted()
    const seen = new Set<string>()
    for await (const event of this.#table.dht.findProviders(cidOf(topic), { signal })) {
      if (event.name !== 'PROVIDER') continue
      for (const { id, multiaddrs } of event.providers) {
        if (seen.has(id.toString())) continue
        seen.add(id.toString())
        yield { node: nodeId(id.toString()), addresses: multiaddrs.slice(0, 8).map(String) }
      }
    }
    signal.throwIfAborted()
  }

  closest(key: string): Promise<readonly NodeId[]> {
    const { dht } = this.#table
    const place = createHash('sha256').update(bytesOf(key)).digest()
    const peers = dht.routingTable.closestPeers(place, { count: dht.k })
    return Promise.resolve(peers.map((peer) => nodeId(peer.toString())))
  }

  onNeighbours(listener: () => void): Unsubscribe {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  get #table(): RunningDht {
    if (this.#running === null) throw new Error('the host of this table is not made yet')
    return this.#running
  }

  /** Ends with the caller's, until that lets go: what is left of a put is nobody's to wait for. */
  #outliving(signal: AbortSignal): { readonly signal: AbortSignal; letGo(): void; clear(): void } {
    const { clock } = this.#deps
    const own = new AbortController()
    const abort = (): void => own.abort(reasonOf(signal))
    signal.addEventListener('abort', abort)
    const letGo = (): void => signal.removeEventListener('abort', abort)
    const late = (): Error => new Error('the rest of a put took too long')
    const limited = deadline({ clock, signal: own.signal, ms: restOfPut, late })
    return {
      signal: limited.signal,
      letGo,
      clear() {
        letGo()
        limited.clear()
      },
    }
  }
}

async function drain(events: AsyncIterable<unknown>): Promise<void> {
  const iterator = events[Symbol.asyncIterator]()
  while ((await iterator.next()).done !== true);
}

const cidOf = (topic: Uint8Array): CID => CID.createV1(raw.code, digests.create(sha2, topic))

/** This very node does not keep it: a better one has come since it was judged, or there is no room. */
const refusedBy = (error: unknown, key: string): ClawError | null =>
  error instanceof RecordNotStored && error.why !== null
    ? new ClawError('RECORD_REFUSED', { key, why: error.why })
    : null
