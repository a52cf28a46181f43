/** A buyer of a simulated market: carries out what its jobs ask for, as its daemon would. Some cheat. */
import { agreementId, isAgreed } from '../../core/molt/agreement.ts'
import { closingText } from '../../core/molt/closing.ts'
import type { Buy, BuyInput } from '../../core/molt/market/buy.ts'
import { buyDuties, buyFrom, buyStep, buyText, mostKept, newBuy } from '../../core/molt/market/buy.ts'
import type { Known } from '../../core/molt/market/match.ts'
import { bidProblem, matches } from '../../core/molt/market/match.ts'
import type { Purchase, PurchaseDuty, PurchaseInput } from '../../core/molt/market/purchase.ts'
import { rank } from '../../core/molt/market/rank.ts'
import type { Spending, SpendingLimits } from '../../core/molt/market/spending.ts'
import { nothingSpent, reserve, settleAt } from '../../core/molt/market/spending.ts'
import { isSignedBy, sign } from '../../core/molt/signing.ts'
import type { NodeId } from '../../model/ids.ts'
import type { SignedBid } from '../../model/molt-bid.ts'
import type { Offer } from '../../model/molt-offer.ts'
import type { Want } from '../../model/molt-want.ts'
import type { Instant, Millis } from '../../model/time.ts'
import type { Signer, Verifier } from '../../ports/signer.ts'
import type { Bank } from './bank.ts'
import { Doing } from './doing.ts'
import type { Message } from './message.ts'
import type { Resident, Street } from './street.ts'
import { againAfter } from './street.ts'

/** `under-pays`: vouchers for half of what it has promised. `stops-paying`: none at all. `clock`: lives an hour ahead. */
export type BorrowerTrick = 'under-pays' | 'stops-paying' | 'clock'

export interface BorrowerInit {
  readonly signer: Signer
  readonly verifier: Verifier
  readonly street: Street
  readonly bank: Bank
  readonly trick: BorrowerTrick | null
  readonly limits: SpendingLimits
  readonly knownOf: (provider: NodeId) => Known
  /** What providers offer at the moment. */
  readonly board: () => readonly Offer[]
}

/** So many providers are asked in the first round, and as many more in each one after. */
const mostAsked = 12
const bidsFor: Millis = 5_000

export class Borrower implements Resident {
  readonly id: NodeId
  readonly init: BorrowerInit
  readonly buys = new Map<string, Buy>()
  /** From when a job was asked for to when it ran first. */
  readonly waits = new Map<string, Millis>()
  /** Bids that could not be taken. */
  badBids = 0
  #spending: Spending = nothingSpent
  readonly #asked = new Map<string, Instant>()
  readonly #bids = new Map<string, { want: Want; signed: SignedBid[] }>()
  readonly #going = new Set<string>()
  readonly #doing = new Doing()

  constructor(init: BorrowerInit) {
    this.init = init
    this.id = init.signer.id
  }

  ask(id: string, want: Want): void {
    this.#asked.set(id, this.init.street.now)
    this.buys.set(id, newBuy(id, want, this.init.street.now))
    this.#perform(id)
  }

  cancel(id: string): void {
    this.step(id, { type: 'cancel' })
  }

  /** Everything that was not on disk is gone. */
  crash(): void {
    for (const [id, buy] of this.buys) this.buys.set(id, buyFrom(buyText(buy)))
    this.#bids.clear()
    this.#going.clear()
    for (const id of this.buys.keys()) {
      this.#doing.again(id)
      this.#perform(id)
    }
  }

  receive(from: NodeId, message: Message): void {
    if (message.type === 'bid') return this.#bidden(from, message.signed)
    if (!('key' in message)) return
    for (const buy of this.buys.values()) {
      const purchase = buy.purchases.find(({ key }) => key === message.key)
      if (purchase === undefined || purchase.signed.bid.provider !== from) continue
      for (const input of this.#inputsOf(purchase, message))
        this.step(buy.id, { type: 'purchase', key: purchase.key, input })
    }
  }

  /** Of work that was never heard to run, a note is about the time before the word that it came with. */
  #inputsOf(purchase: Purchase, message: Message & { readonly key: string }): readonly PurchaseInput[] {
    const own = this.#inputOf(purchase, message)
    const note =
      message.type === 'word' && message.signed !== null
        ? this.#inputOf(purchase, { type: 'note', key: message.key, signed: message.signed })
        : null
    const inputs = purchase.state === 'funded' ? [note, own] : [own, note]
    return inputs.filter((input) => input !== null)
  }

  #inputOf(purchase: Purchase, message: Message): PurchaseInput | null {
    const { verifier, bank } = this.init
    switch (message.type) {
      case 'agreement': {
        const isOurs = agreementId(message.agreement) === agreementId(purchase)
        return isOurs && isAgreed(message.agreement, verifier)
          ? { type: 'countersigned', agreement: message.agreement }
          : null
      }
      case 'refused':
        return { type: 'refused' }
      case 'word':
        return { type: 'heard', isRunning: message.isRunning }
      case 'note': {
        const { note, signature } = message.signed
        const said = { kind: 'note', network: bank.network.id, value: note } as const
        const isSaid = isSignedBy(verifier, purchase.signed.bid.provider, said, signature)
        return isSaid ? { type: 'note', signed: message.signed } : null
      }
      case 'ended':
        return { type: 'ended', why: message.why }
      case 'want':
      case 'bid':
      case 'decline':
      case 'accept':
      case 'hold':
      case 'cancel':
      case 'voucher':
      case 'offer-close':
        return null
    }
  }

  #bidden(from: NodeId, signed: SignedBid): void {
    if (signed.bid.provider !== from) return
    for (const { want, signed: all } of this.#bids.values()) {
      const { knownOf, verifier, street } = this.init
      const problem = bidProblem(signed, want, { known: knownOf(from), verifier, now: street.now })
      if (problem === null) all.push(signed)
      else if (problem !== 'want') this.badBids += 1
    }
  }

  step(id: string, input: BuyInput): void {
    const before = this.buys.get(id)
    if (before === undefined) return
    const after = buyStep(before, input, this.init.street.now)
    this.buys.set(id, after)
    const asked = this.#asked.get(id)
    if (asked !== undefined && !this.waits.has(id) && after.purchases.some(({ state }) => state === 'running'))
      this.waits.set(id, this.init.street.now - asked)
    this.#perform(id)
  }

  /** Everything that has to be so, and again as long as something may have been lost. */
  #perform(id: string): void {
    const { street, bank } = this.init
    const buy = this.buys.get(id)
    if (buy === undefined) return
    for (const duty of this.#doing.fresh(id, buyDuties(buy, bank.network, street.now))) {
      const now = this.buys.get(id) ?? buy
      if (duty.type === 'collect') this.#collect(now, duty)
      else {
        const purchase = now.purchases.find(({ key }) => key === duty.key)
        if (purchase !== undefined && purchase.state !== 'closed') this.#carryOut(now, purchase, duty.duty)
      }
    }
    if (buy.state === 'closed' || this.#going.has(id)) return
    this.#going.add(id)
    const last = buy.purchases.at(-1)?.since ?? buy.since
    street.after(againAfter(street.now - Math.max(last, buy.since)), () => {
      if (!this.#going.delete(id)) return
      this.#doing.again(id)
      this.step(id, { type: 'tick' })
    })
  }

  /** Asks the cheapest, all at once, and looks at what has come when the time is up. */
  #collect(buy: Buy, { round, except }: { readonly round: number; readonly except: readonly string[] }): void {
    const { street, board, trick } = this.init
    const key = `${buy.id}/${round}`
    if (this.#bids.has(key)) return
    const now = street.now + (trick === 'clock' ? 3_600_000 : 0)
    const nonce = buy.want.nonce.slice(0, 30) + String(round).padStart(2, '0')
    const want: Want = { ...buy.want, nonce, issuedAt: now, deadline: now + bidsFor }
    this.#bids.set(key, { want, signed: [] })
    const fitting = board()
      .filter((offer) => !except.includes(offer.provider) && matches(offer, want, street.now))
      .toSorted((a, b) => (a.rate < b.rate ? -1 : a.rate > b.rate ? 1 : a.provider < b.provider ? -1 : 1))
    for (const provider of new Set(fitting.map((offer) => offer.provider).slice(0, mostAsked * round)))
      street.send(this.id, provider, { type: 'want', want })
    street.after(bidsFor, () => this.#rank(buy.id, key, round))
  }

  #rank(id: string, key: string, round: number): void {
    const { street, knownOf } = this.init
    const collected = this.#bids.get(key)
    if (collected === undefined) return
    this.#bids.delete(key)
    const { want, signed } = collected
    const ranked = rank(signed, want, { knownOf: ({ provider }) => knownOf(provider), now: street.now })
    for (const { signed: other, hash } of ranked.slice(mostKept))
      street.send(this.id, other.bid.provider, { type: 'cancel', key: hash })
    this.step(id, { type: 'bids', round, want, ranked })
  }

  #carryOut(buy: Buy, purchase: Purchase, duty: PurchaseDuty): void {
    const { street, bank, limits } = this.init
    const { key, terms, agreement } = purchase
    const { provider } = terms
    const step = (input: PurchaseInput): void => this.step(buy.id, { type: 'purchase', key, input })
    switch (duty.type) {
      case 'reserve': {
        const asked = reserve(this.#spending, { job: buy.id, key, amount: duty.amount }, { limits, now: street.now })
        if (asked.ok) this.#spending = asked.spending
        return step({ type: asked.ok ? 'reserved' : 'over-limit' })
      }
      case 'ask':
        return street.send(this.id, provider, { type: 'accept', key, terms, byBuyer: this.#sign('agreement', terms) })
      case 'pay-hold':
        if (agreement !== null) step({ type: bank.hold(agreement, street.now) ? 'paid' : 'unpayable' })
        return undefined
      case 'show-hold':
        return street.send(this.id, provider, { type: 'hold', key })
      case 'cancel-work':
        return street.send(this.id, provider, { type: 'cancel', key })
      case 'send-voucher':
        return this.#promise(purchase, duty.voucher)
      case 'offer-close':
      case 'take-back':
        return this.#close(purchase, duty, step)
      case 'listen':
        return undefined
    }
  }

  #promise({ key, terms }: Purchase, honest: Extract<PurchaseDuty, { type: 'send-voucher' }>['voucher']): void {
    const { street, trick } = this.init
    if (trick === 'stops-paying') return
    const voucher = trick === 'under-pays' ? { ...honest, due: honest.due / 2n } : honest
    const signed = { voucher, signature: this.#sign('voucher', voucher) }
    street.send(this.id, terms.provider, { type: 'voucher', key, signed })
  }

  #close(
    { key, agreement, terms }: Purchase,
    duty: Extract<PurchaseDuty, { type: 'offer-close' | 'take-back' }>,
    step: (input: PurchaseInput) => void,
  ): void {
    const { street, bank, trick } = this.init
    if (agreement === null) return
    const id = agreementId(agreement)
    const known = bank.outcomes.get(id)
    if (known !== undefined) {
      this.#spending = settleAt(this.#spending, key, known.paid, { isOver: true })
      return step({ type: 'closed', outcome: known })
    }
    // What was never set aside cannot be closed.
    if (!bank.isHeld(agreement)) return step({ type: 'unpayable' })
    if (duty.type === 'offer-close') {
      const paid = trick === 'stops-paying' ? 0n : trick === 'under-pays' ? duty.paid / 2n : duty.paid
      const byBuyer = this.#sign('closing', closingText(id, 'agreed', paid))
      return street.send(this.id, terms.provider, { type: 'offer-close', key, paid, byBuyer })
    }
    const signed =
      duty.voucher === null ? null : { voucher: duty.voucher, signature: this.#sign('voucher', duty.voucher) }
    const byBuyer = this.#sign('closing', closingText(id, 'taken-back', duty.voucher?.due ?? 0n))
    bank.close(agreement, { how: 'taken-back', voucher: signed, byBuyer }, street.now)
  }

  #sign(kind: 'agreement' | 'voucher' | 'closing', value: unknown): string {
    return sign(this.init.signer, { kind, network: this.init.bank.network.id, value })
  }
}
