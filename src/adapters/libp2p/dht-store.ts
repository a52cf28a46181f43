/**
 * Where kad-dht keeps what it is given. Its handler stores whatever is valid, also over what is newer, and its own puts are looked at by
 * nobody; here the better of two records stays, and what is over is given to nobody.
 */
import { Record as StoredRecord } from '@libp2p/kad-dht'
import { NotFoundError } from '@libp2p/interface'
import { toBase32 } from '../../lib/base32.ts'
import type { RecordRefusal } from '../../model/record.ts'
import type { RecordGuard } from '../../ports/record-net.ts'
import type { DhtProviders } from './dht-providers.ts'
import type { Datastore } from './node.ts'

/** Where the table of a network keeps things: one datastore may have served several. */
export const dhtPrefix = (network: string): string => `/claw-dht/${network}`
const recordPrefix = (network: string): string => `${dhtPrefix(network)}/record/`
const providerPrefix = (network: string): string => `${dhtPrefix(network)}/provider`

type Key = Parameters<Datastore['get']>[0]
type Pair = ReturnType<Datastore['query']> extends AsyncIterable<infer P> | Iterable<infer P> ? P : never

/** The part of a datastore that is of one network. */
export interface DhtShelf {
  readonly network: string
  readonly inner: Datastore
}

export interface DhtStoreDeps extends DhtShelf {
  readonly guard: RecordGuard
  readonly providers: DhtProviders
}

/** A record was not stored. kad-dht then answers whoever sent it with nothing at all. */
export class RecordNotStored extends Error {
  override readonly name = 'RecordNotStored'
  /** Null for what is no record. */
  readonly why: RecordRefusal | null

  constructor(why: RecordRefusal | null, what: string = why ?? '') {
    super(what)
    this.why = why
  }
}

/** The datastore as kad-dht may see it. It uses no more of it than these four. */
export function dhtStore(deps: DhtStoreDeps): Datastore {
  const store = new DhtStore(deps)
  const seen: Pick<Datastore, 'get' | 'put' | 'delete' | 'query'> = {
    get: (key) => store.get(key),
    put: (key, value) => store.put(key, value),
    delete: (key) => store.delete(key),
    query: ({ prefix = '' }) => store.query(prefix),
  }
  return seen as Datastore
}

class DhtStore {
  readonly #deps: DhtStoreDeps
  /** One put after the other: two at once could each win over what was there before. */
  #turn: Promise<void> = Promise.resolve()

  constructor(deps: DhtStoreDeps) {
    this.#deps = deps
  }

  async get(key: Key): Promise<Uint8Array> {
    const stored = await this.#deps.inner.get(key)
    const { key: name, value } = StoredRecord.deserialize(stored)
    if (this.#deps.guard.isAlive(textOf(name), value)) return stored
    throw new NotFoundError('its life is over')
  }

  async put(key: Key, stored: Uint8Array): Promise<Key> {
    if (!this.#isRecord(key)) return this.#provide(key, stored)
    const done = this.#turn.then(() => this.#keep(key, stored))
    this.#turn = done.catch(() => {
      // Whoever put it is told; the next one in turn is another's.
    })
    await done
    return key
  }

  async #keep(key: Key, stored: Uint8Array): Promise<void> {
    const { inner, guard } = this.#deps
    const { key: name, value } = StoredRecord.deserialize(stored)
    const refusal = guard.admit(textOf(name), value, await valueAt(inner, key))
    if (refusal !== null) throw new RecordNotStored(refusal)
    await inner.put(key, stored)
    guard.keeps(textOf(name), value)
  }

  #provide(key: Key, value: Uint8Array): Key {
    const { topic, peer } = this.#providerIn(key)
    if (!this.#deps.providers.put(topic, peer, value)) throw new RecordNotStored(null, 'no room for more providers')
    return key
  }

  async delete(key: Key): Promise<void> {
    const { inner, guard, providers } = this.#deps
    if (!this.#isRecord(key)) {
      const { topic, peer } = this.#providerIn(key)
      return providers.delete(topic, peer)
    }
    const stored = await bytesAt(inner, key)
    await inner.delete(key)
    if (stored !== null) guard.keeps(textOf(StoredRecord.deserialize(stored).key), null)
  }

  async *query(prefix: string): AsyncGenerator<Pair> {
    const place = providerPrefix(this.#deps.network)
    if (!prefix.startsWith(place)) return
    const topic = prefix.slice(place.length + 1)
    for (const [name, peer, value] of this.#deps.providers.of(topic === '' ? null : topic))
      yield { key: keyLike(`${place}/${name}/${peer}`), value } as Pair
    await Promise.resolve()
  }

  #isRecord(key: Key): boolean {
    return key.toString().startsWith(recordPrefix(this.#deps.network))
  }

  #providerIn(key: Key): { readonly topic: string; readonly peer: string } {
    const rest = key.toString().slice(providerPrefix(this.#deps.network).length + 1)
    const [topic = '', peer = ''] = rest.split('/')
    return { topic, peer }
  }
}

/** All that is kept, with the keys that it has in the table. */
export async function* recordsIn({
  network,
  inner,
}: DhtShelf): AsyncGenerator<{ readonly key: string; readonly value: Uint8Array }> {
  for await (const { value: stored } of inner.query({ prefix: recordPrefix(network) })) {
    const { key, value } = StoredRecord.deserialize(stored)
    yield { key: textOf(key), value }
  }
}

/** What is kept under a key of the table. */
export const recordAt = ({ network, inner }: DhtShelf, key: string): Promise<Uint8Array | null> =>
  valueAt(inner, placeOf(network, key))

export async function forgetRecord({ network, inner }: DhtShelf, key: string): Promise<void> {
  await inner.delete(placeOf(network, key))
}

/** As kad-dht calls it in its store. */
const placeOf = (network: string, key: string): Key =>
  keyLike(`${recordPrefix(network)}${toBase32(bytesOf(key))}`) as Key

async function bytesAt(inner: Datastore, key: Key): Promise<Uint8Array | null> {
  try {
    return await inner.get(key)
  } catch (error) {
    if (error instanceof Error && error.name === 'NotFoundError') return null
    throw error
  }
}

async function valueAt(inner: Datastore, key: Key): Promise<Uint8Array | null> {
  const stored = await bytesAt(inner, key)
  return stored === null ? null : StoredRecord.deserialize(stored).value
}

const keyLike = (text: string): Pick<Key, 'toString'> => ({ toString: () => text })

export const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1')
export const bytesOf = (text: string): Uint8Array => Buffer.from(text, 'latin1')
