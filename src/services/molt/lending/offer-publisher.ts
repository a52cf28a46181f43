/** Keeps what this node offers to everybody as what it could lend. */
import type { Lender, OfferChanges } from '../../../core/molt/market/offers.ts'
import { offerChanges } from '../../../core/molt/market/offers.ts'
import type { Lending } from '../../../core/molt/market/lending.ts'
import { isClawError } from '../../../model/failure.ts'
import type { Offer } from '../../../model/molt-offer.ts'
import { second } from '../../../model/time.ts'
import type { Clock } from '../../../ports/clock.ts'
import type { Log } from '../../../ports/log.ts'
import type { OfferBoard } from '../../../ports/offer-board.ts'
import { Loop } from '../../gateway/loop.ts'

export interface OfferPublisherDeps {
  readonly board: OfferBoard
  /** Null while nothing is lent. */
  readonly lending: () => Lending | null
  readonly lender: () => Lender
  readonly clock: Clock
  readonly log: Log
}

const pace = { every: 30 * second, pause: second }

export class OfferPublisher {
  readonly #deps: OfferPublisherDeps
  readonly #loop: Loop
  readonly #standing = new Map<number, { readonly offer: Offer; readonly isWithdrawn: boolean }>()

  constructor(deps: OfferPublisherDeps) {
    this.#deps = deps
    this.#loop = new Loop(deps, pace, (signal) => this.#publish(signal))
  }

  start(): void {
    this.#loop.start()
  }

  /** What was offered last ends by itself after a while: a daemon that is only started again goes on offering. */
  stop(): Promise<void> {
    return this.#loop.stop()
  }

  wake(): void {
    this.#loop.wake()
  }

  offers(): readonly Offer[] {
    return [...this.#standing.values()].flatMap(({ offer, isWithdrawn }) => (isWithdrawn ? [] : [offer]))
  }

  /** Takes all of them back, as far as anybody can be told now. */
  async withdrawAll(signal: AbortSignal): Promise<void> {
    await this.#carryOut({ publish: [], withdraw: this.offers().map(({ number }) => number) }, signal)
  }

  async #publish(signal: AbortSignal): Promise<void> {
    const { lending, lender } = this.#deps
    const now = lending()
    if (now === null) return this.withdrawAll(signal)
    return this.#carryOut(offerChanges(this.#standing, now, lender()), signal)
  }

  async #carryOut({ publish, withdraw }: OfferChanges, signal: AbortSignal): Promise<void> {
    const { board, log } = this.#deps
    for (const offer of publish) {
      if (signal.aborted) return
      await quietly(log, async () => {
        await board.publish(offer, signal)
        this.#standing.set(offer.number, { offer, isWithdrawn: false })
      })
    }
    for (const number of withdraw) {
      const standing = this.#standing.get(number)
      if (standing === undefined || signal.aborted) continue
      await quietly(log, async () => {
        await board.withdraw(number, signal)
        this.#standing.set(number, { ...standing, isWithdrawn: true })
      })
    }
  }
}

async function quietly(log: Log, work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (!isClawError(error)) throw error
    log.info('an offer is to be said again', { reason: error.message })
  }
}
