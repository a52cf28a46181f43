/** Issues this node's own records: one a second, each with a number of its own, on its disk before anybody hears of it. */
import { sealRecord } from '../../core/records/envelope.ts'
import { writePayload } from '../../core/records/payload.ts'
import type { Network } from '../../core/molt/network.ts'
import { rules } from '../../core/records/rules/table.ts'
import { abortable } from '../../lib/abortable.ts'
import { ClawError } from '../../model/failure.ts'
import { longestRecordLife, mostRecordBytes, type RecordName, recordKey } from '../../model/record.ts'
import { type Instant, type Millis, second } from '../../model/time.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Gossip } from '../../ports/gossip.ts'
import type { Log } from '../../ports/log.ts'
import type { PutOutcome, RecordNet } from '../../ports/record-net.ts'
import type { Signer } from '../../ports/signer.ts'
import { encodeRecord, recordSightings } from '../../wire/record.ts'
import type { RecordKeeper } from './keeper.ts'
import type { Own, OwnRecords } from './own-records.ts'
import type { Sequences } from './sequences.ts'
import type { RecordStanding } from './standing.ts'
import { type Publication, quorumOfPeers, type Receipt } from './types.ts'

const pace: Millis = second

export interface PublisherDeps {
  readonly network: Network
  readonly signer: Signer
  readonly net: RecordNet
  readonly keeper: RecordKeeper
  readonly own: OwnRecords
  readonly sequences: Sequences
  readonly standing: RecordStanding
  readonly gossip: Pick<Gossip, 'publish'>
  readonly clock: Clock
  readonly log: Log
}

interface Said extends RecordName {
  readonly kind: 'put' | 'tombstone'
  readonly payload: Uint8Array
  readonly life: Millis
  readonly until: Instant
}

export class RecordPublisher {
  readonly #deps: PublisherDeps
  #turn: Promise<unknown> = Promise.resolve()
  #issuedAt: Millis = -Infinity

  constructor(deps: PublisherDeps) {
    this.#deps = deps
  }

  /** Throws NO_STANDING, TOO_LARGE, RECORD_REFUSED, what the disk throws, and what the signal says. */
  publish({ namespace, id, value, life, until }: Publication, signal: AbortSignal): Promise<Receipt> {
    return this.#issue({ namespace, id, kind: 'put', payload: writePayload(value), life, until }, signal)
  }

  /** Says that a record of this node counts no more. Null when it has none there that is withdrawn. Throws as `publish` does. */
  async withdraw(name: RecordName, signal: AbortSignal): Promise<Receipt | null> {
    const own = this.#deps.own.get(recordKey(name))
    if (own === null || own.record.kind === 'tombstone') return null
    const payload = tombstoneOf(name, own.record.payload)
    const life = rules[name.namespace].longest
    return this.#issue({ ...name, kind: 'tombstone', payload, life, until: this.#deps.clock.now() + life }, signal)
  }

  /** Says once more what it said, under a new number and with a life of its own. */
  renew({ name, record, life, until }: Own, signal: AbortSignal): Promise<Receipt> {
    return this.#issue({ ...name, kind: record.kind, payload: record.payload, life, until }, signal)
  }

  /** Gives peers that have come what it said last, as it is. */
  async spread({ name, bytes }: Own, signal: AbortSignal): Promise<PutOutcome> {
    return this.#deps.net.put(recordKey(name), bytes, { enough: quorumOfPeers, signal })
  }

  /** One at a time, and in turn. */
  async #issue(said: Said, signal: AbortSignal): Promise<Receipt> {
    signal.throwIfAborted()
    const sealed = this.#turn.then(() => this.#seal(said, signal))
    this.#turn = sealed.catch(() => {
      // Whoever asked for it is told; the next one has nothing to do with it.
    })
    const own = await abortable(sealed, signal)
    const [put] = await Promise.all([this.spread(own, signal), this.#tell(own)])
    const { stored } = put
    return { sequence: own.record.sequence, stored, isEnough: stored.length >= quorumOfPeers }
  }

  async #seal({ namespace, id, kind, payload, life, until }: Said, signal: AbortSignal): Promise<Own> {
    const { network, signer, keeper, own, sequences, standing, clock } = this.#deps
    signal.throwIfAborted()
    await this.#myTurn(signal)
    const certificate = await standing.certificate(signal)
    const sequence = await sequences.next()
    signal.throwIfAborted()
    const issuedAt = clock.now()
    const endOfLife = issuedAt + Math.min(life, longestRecordLife, rules[namespace].longest)
    const times = { sequence, issuedAt, endOfLife }
    const record = sealRecord({ network: network.id, namespace, id, kind, payload, certificate, ...times }, signer)
    const bytes = encodeRecord(record)
    if (bytes.length > mostRecordBytes) throw new ClawError('TOO_LARGE', { what: 'A record', limit: mostRecordBytes })
    const name = { namespace, id }
    const key = recordKey(name)
    // Before anything else, as for anybody's: kad-dht would keep here whatever it is told to put.
    const taken = await keeper.take(key, bytes, { isOwn: true })
    if ('refusal' in taken) throw new ClawError('RECORD_REFUSED', { key, why: taken.refusal })
    const kept = { name, bytes, record, life, until }
    await own.keep(kept)
    return kept
  }

  async #myTurn(signal: AbortSignal): Promise<void> {
    const { clock } = this.#deps
    const wait = this.#issuedAt + pace - clock.elapsed()
    if (wait > 0) {
      const { promise, resolve } = Promise.withResolvers<void>()
      const stop = clock.after(wait, resolve)
      try {
        await abortable(promise, signal)
      } finally {
        stop()
      }
    }
    this.#issuedAt = clock.elapsed()
  }

  /** Those who have it in use hear of it sooner than they would find it. */
  async #tell({ bytes }: Own): Promise<void> {
    try {
      await this.#deps.gossip.publish(recordSightings, bytes)
    } catch (error) {
      this.#deps.log.debug('a record was not told to the network', { error })
    }
  }
}

/** Of an offer its number is left, without which nobody could tell that the tombstone is its own. */
function tombstoneOf({ namespace }: RecordName, payload: Uint8Array): Uint8Array {
  if (namespace !== 'claw-offer') return writePayload({})
  const { number } = JSON.parse(new TextDecoder().decode(payload)) as { readonly number: number }
  return writePayload({ number })
}
