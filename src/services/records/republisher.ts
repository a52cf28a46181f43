/** Keeps what this node has said in the table: says it anew before it is over, and gives it to peers that have come to be among the closest. */
import { renewalAt } from '../../core/records/republish.ts'
import { ClawError, isClawError } from '../../model/failure.ts'
import type { NodeId } from '../../model/ids.ts'
import { type RecordName, recordKey } from '../../model/record.ts'
import { type Millis, minute, second } from '../../model/time.ts'
import type { Cancel, Clock } from '../../ports/clock.ts'
import type { Log } from '../../ports/log.ts'
import type { Metrics } from '../../ports/metrics.ts'
import type { Random } from '../../ports/random.ts'
import type { RecordNet } from '../../ports/record-net.ts'
import type { Unsubscribe } from '../../ports/rpc.ts'
import type { Signer } from '../../ports/signer.ts'
import type { RecordKeeper } from './keeper.ts'
import type { Own, OwnRecords } from './own-records.ts'
import type { RecordPublisher } from './publisher.ts'
import { quorumOfPeers } from './types.ts'

const lookEvery: Millis = 10 * second
/** Peers come in crowds, and a crowd is one change. */
const settling: Millis = 3 * second
/** What too few peers keep is offered to them again after so long. */
const retry: Millis = minute

export interface RepublisherDeps {
  readonly net: RecordNet
  readonly signer: Pick<Signer, 'id'>
  readonly keeper: Pick<RecordKeeper, 'bestOf'>
  readonly own: OwnRecords
  readonly publisher: RecordPublisher
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly metrics: Metrics
}

interface Spread {
  /** Of what was spread last, and the peers that were closest then. */
  readonly sequence: bigint
  readonly peers: ReadonlySet<NodeId>
  readonly isEnough: boolean
  readonly at: Millis
}

export class RecordRepublisher {
  readonly #deps: RepublisherDeps
  /** Drawn for each record once, or the moment that it is due would move. */
  readonly #chances = new Map<string, { readonly sequence: bigint; readonly chance: number }>()
  readonly #spread = new Map<string, Spread>()
  readonly #life = new AbortController()
  #stopLooking: Cancel = () => {}
  #stopSettling: Cancel | null = null
  #unsubscribe: Unsubscribe = () => {}
  #isAtWork = false

  constructor(deps: RepublisherDeps) {
    this.#deps = deps
  }

  start(): void {
    this.#unsubscribe = this.#deps.net.onNeighbours(() => this.#neighboursChanged())
    this.#lookLater()
    this.#neighboursChanged()
  }

  stop(): void {
    this.#life.abort(new Error('the records are closed'))
    this.#unsubscribe()
    this.#stopLooking()
    this.#stopSettling?.()
  }

  #lookLater(): void {
    this.#stopLooking = this.#deps.clock.after(lookEvery, () => {
      this.#work(() => this.#renewAll())
      this.#lookLater()
    })
  }

  #neighboursChanged(): void {
    const { clock, random } = this.#deps
    this.#stopSettling ??= clock.after(settling * (1 + random.next()), () => {
      this.#stopSettling = null
      this.#work(() => this.#spreadAll())
    })
  }

  /** One round at a time; what one leaves undone the next one finds. */
  #work(round: () => Promise<void>): void {
    if (this.#isAtWork || this.#life.signal.aborted) return
    this.#isAtWork = true
    round()
      .catch((error: unknown) => {
        if (!this.#life.signal.aborted) this.#deps.log.error('records could not be said again', { error })
      })
      .finally(() => (this.#isAtWork = false))
      .catch((error: unknown) => this.#deps.log.error('a round of records ended badly', { error }))
  }

  async #renewAll(): Promise<void> {
    const { own, clock } = this.#deps
    for (const each of own.all) {
      if (this.#life.signal.aborted) return
      const now = clock.now()
      if (each.until <= now) await this.#drop(each)
      else if (this.#renewalOf(each) <= now) await this.#try(each, () => this.#renew(each))
    }
    await this.#spreadAll()
  }

  async #renew(each: Own): Promise<void> {
    const { publisher, metrics } = this.#deps
    // A tombstone is said until what it has withdrawn is surely over, and not again after that.
    const { stored, isEnough } = await publisher.renew(each, this.#life.signal)
    metrics.count('claw_records_renewed_total')
    const renewed = this.#deps.own.get(recordKey(each.name))
    if (renewed !== null) await this.#note(renewed, new Set(stored), isEnough)
  }

  async #spreadAll(): Promise<void> {
    for (const each of this.#deps.own.all) {
      if (this.#life.signal.aborted) return
      if (await this.#hasToSpread(each)) await this.#try(each, () => this.#spreadOne(each))
    }
  }

  async #spreadOne(each: Own): Promise<void> {
    const { stored } = await this.#deps.publisher.spread(each, this.#life.signal)
    await this.#note(each, new Set(stored), stored.length >= quorumOfPeers)
  }

  async #hasToSpread({ name, record }: Own): Promise<boolean> {
    const { net, clock } = this.#deps
    const key = recordKey(name)
    const last = this.#spread.get(key)
    const closest = await net.closest(key)
    if (closest.length === 0 || this.#isOthersNow(name)) return false
    if (last?.sequence !== record.sequence) return true
    if (closest.some((peer) => !last.peers.has(peer))) return true
    return !last.isEnough && clock.elapsed() - last.at > retry
  }

  async #note({ name, record }: Own, stored: ReadonlySet<NodeId>, isEnough: boolean): Promise<void> {
    const { net, clock } = this.#deps
    const key = recordKey(name)
    const peers = new Set([...(await net.closest(key)), ...stored])
    this.#spread.set(key, { sequence: record.sequence, peers, isEnough, at: clock.elapsed() })
  }

  /** What the parties of an agreement say of it has one place: another of them has said it since. */
  #isOthersNow(name: RecordName): boolean {
    const best = this.#deps.keeper.bestOf(recordKey(name))
    return best !== null && best.record.issuer !== this.#deps.signer.id
  }

  async #drop({ name }: Pick<Own, 'name'>): Promise<void> {
    const key = recordKey(name)
    this.#chances.delete(key)
    this.#spread.delete(key)
    await this.#deps.own.drop(key)
  }

  async #try({ name }: Own, work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      if (!isClawError(error)) throw error
      if (ClawError.is(error, 'RECORD_REFUSED') && error.facts.why === 'stale' && this.#isOthersNow(name)) {
        await this.#drop({ name })
        return
      }
      this.#deps.log.warn('a record could not be said again', { ...name, error })
    }
  }

  #renewalOf({ name, record }: Own): number {
    const key = recordKey(name)
    const { sequence } = record
    const known = this.#chances.get(key)
    const drawn = known?.sequence === sequence ? known : { sequence, chance: this.#deps.random.next() }
    this.#chances.set(key, drawn)
    return renewalAt(record, drawn.chance)
  }
}
