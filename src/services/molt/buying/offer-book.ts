/** The offers that this node knows of: those that have come by, and those that it has asked for because none of these would do. */
import { isCurrent } from '../../../core/molt/market/dated.ts'
import { matches } from '../../../core/molt/market/match.ts'
import { anyGpu, anyOf, type OfferIndex } from '../../../core/records/topic.ts'
import type { Judged } from '../../../core/records/validate.ts'
import { gpuFamily } from '../../../model/gpu.ts'
import type { Offer } from '../../../model/molt-offer.ts'
import type { Want } from '../../../model/molt-want.ts'
import type { Millis } from '../../../model/time.ts'
import { second } from '../../../model/time.ts'
import type { Clock } from '../../../ports/clock.ts'
import type { Unsubscribe } from '../../../ports/rpc.ts'
import type { Service } from '../../../ports/service.ts'
import type { RecordStore } from '../../records/record-store.ts'
import type { OfferFinder } from './collector.ts'

/** Of more than so many those are forgotten that have not changed for longest. */
export const mostOffers = 10_000
/** Those who say that they have some are waited for so long: bids are waited for as well. */
const patience: Millis = 2.5 * second

export interface OfferBookDeps {
  readonly records: Pick<RecordStore, 'find' | 'onSeen'>
  readonly clock: Clock
}

export class OfferBook implements OfferFinder, Service {
  readonly name = 'molt-offers'
  readonly #deps: OfferBookDeps
  readonly #offers = new Map<string, { readonly sequence: bigint; readonly offer: Offer | null }>()
  #unsubscribe: Unsubscribe = () => {}

  constructor(deps: OfferBookDeps) {
    this.#deps = deps
  }

  /** Before the records are read that this node has kept: they come by here, too. */
  start(): Promise<void> {
    this.#unsubscribe = this.#deps.records.onSeen((judged) => this.#take(judged))
    return Promise.resolve()
  }

  stop(): Promise<void> {
    this.#unsubscribe()
    return Promise.resolve()
  }

  /** Those that are still good. */
  all(): readonly Offer[] {
    const now = this.#deps.clock.now()
    return [...this.#offers.values()].flatMap(({ offer }) =>
      offer !== null && isCurrent({ issuedAt: offer.issuedAt, until: offer.endOfLife }, now) ? [offer] : [],
    )
  }

  /** Asks others where none that is known would do. Throws the signal's reason. */
  async find(want: Want, signal: AbortSignal): Promise<readonly Offer[]> {
    const known = this.all()
    if (known.some((offer) => matches(offer, want, this.#deps.clock.now()))) return known
    await this.#look(want.model === null ? anyGpu : anyOf(gpuFamily(want.model)), signal)
    return this.all()
  }

  /** All that there is, as far as it can be found. Throws the signal's reason. */
  async everything(signal: AbortSignal): Promise<readonly Offer[]> {
    await this.#look(anyGpu, signal)
    return this.all()
  }

  async #look(index: OfferIndex, signal: AbortSignal): Promise<void> {
    const { records, clock } = this.#deps
    const late = new AbortController()
    const cancel = clock.after(patience, () => late.abort(new Error('it is too late for offers')))
    try {
      for await (const judged of records.find(index, 'claw-offer', AbortSignal.any([signal, late.signal])))
        this.#take(judged)
    } catch (error) {
      signal.throwIfAborted()
      if (!late.signal.aborted) throw error
    } finally {
      cancel()
    }
  }

  #take({ key, record, value }: Judged): void {
    if (record.namespace !== 'claw-offer') return
    const before = this.#offers.get(key)
    if (before !== undefined && before.sequence >= record.sequence) return
    this.#offers.delete(key)
    // The rule of its namespace has read it.
    this.#offers.set(key, { sequence: record.sequence, offer: record.kind === 'put' ? (value as Offer) : null })
    const [oldest] = this.#offers.keys()
    if (this.#offers.size > mostOffers && oldest !== undefined) this.#offers.delete(oldest)
  }
}
