/**
 * The account of this daemon in a MOLT network: pays, sets aside, closes, and hears of what comes in. A line is in the books before any
 * witness sees it, so no crash has two signed with one number; what was begun is brought to its end after the next start.
 */
import type { Agreement } from '../../core/molt/agreement.ts'
import { agreementId, holdAccount } from '../../core/molt/agreement.ts'
import type { Books, Proposed } from '../../core/molt/books.ts'
import { spendableIn } from '../../core/molt/books.ts'
import type { Closing, Output } from '../../core/molt/closing.ts'
import type { Network } from '../../core/molt/network.ts'
import { sign } from '../../core/molt/signing.ts'
import { leastPayment, paymentProblem, spendHash, totalOf } from '../../core/molt/spend.ts'
import { abortable } from '../../lib/abortable.ts'
import { type MicroMolt, moltInWords } from '../../model/amount.ts'
import { ClawError, isClawError } from '../../model/failure.ts'
import type { Certificate, Order } from '../../model/molt-line.ts'
import { second } from '../../model/time.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Disk } from '../../ports/journal.ts'
import type { Log } from '../../ports/log.ts'
import type { Random } from '../../ports/random.ts'
import type { Rpc, Unsubscribe } from '../../ports/rpc.ts'
import type { Service } from '../../ports/service.ts'
import type { Signer, Verifier } from '../../ports/signer.ts'
import { Loop } from '../gateway/loop.ts'
import { BankClosings } from './bank-closings.ts'
import { BankSync } from './bank-sync.ts'
import { BookKeeper } from './books.ts'
import type { ClosingProgress } from './closer.ts'
import { gather } from './gather.ts'
import { type Intent, Intents } from './intents.ts'
import { finish, type PayerDeps, settleEverywhere } from './payer.ts'
import { type AccountReading, readAnyAccount } from './reading.ts'
import { isFinal } from './teach.ts'

export interface BankDeps {
  readonly network: Network
  /** With the key of the account. */
  readonly signer: Signer
  readonly verifier: Verifier
  /** On the market host, with a way to the witness of this daemon where it is one. */
  readonly rpc: Pick<Rpc, 'call'>
  readonly disk: Pick<Disk, 'openJournal'>
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  /** What each of those it pays gets at least; the witnesses see to the same. */
  readonly leastPayment?: MicroMolt
}

export interface Payment {
  readonly outputs: readonly Output[]
  /** What it is for, up to 128 letters. Whoever asks again with the same gets the line that was paid for it. */
  readonly purpose: string
}

/** How long the witnesses are waited for when they are asked what has come in. */
const patience = 10 * second
const longestPurpose = 128
const pace = { every: 5 * second, pause: second }

export class Bank implements Service {
  readonly name = 'molt-bank'
  readonly #deps: BankDeps
  readonly #keeper: BookKeeper
  readonly #sync: BankSync
  readonly #loop: Loop
  readonly #listeners = new Set<(line: Certificate) => void>()
  readonly #closings: BankClosings
  readonly #intents = new Intents()
  /** Those that end once the books have been read. */
  readonly #ended = new Set<Intent>()
  #end = new AbortController()
  /** Own lines, one after the other. */
  #queue: Promise<unknown> = Promise.resolve()

  constructor(deps: BankDeps) {
    const { network, signer, disk, clock } = deps
    this.#deps = deps
    this.#keeper = new BookKeeper({ disk, network, account: signer.id, now: () => clock.now() })
    const onLine = (line: Certificate): void => this.#listeners.forEach((listener) => listener(line))
    this.#sync = new BankSync({ ...deps, keeper: this.#keeper, onLine })
    this.#closings = new BankClosings({ ...deps, self: signer.id, keeper: this.#keeper, sync: this.#sync })
    this.#loop = new Loop(deps, pace, (signal) => this.#goOn(signal))
  }

  /** Throws STATE_CORRUPT and DISK_FULL. */
  async start(): Promise<void> {
    await this.#keeper.open()
    this.#end = new AbortController()
    this.#loop.start()
  }

  async stop(): Promise<void> {
    this.#end.abort(new ClawError('NO_QUORUM', { what: 'this, as the node is shutting down', answered: 0, needed: 0 }))
    await this.#loop.stop()
    await this.#queue
    await this.#closings.stop()
    await this.#keeper.close()
  }

  /** As they are on the disk. */
  get books(): Books {
    return this.#keeper.books
  }

  get keeper(): Pick<BookKeeper, 'entries'> {
    return this.#keeper
  }

  /** What may be spent now. */
  get spendable(): MicroMolt {
    return spendableIn(this.books, this.#deps.network)
  }

  /** Told of each line that is new in the books, own ones included. */
  onLine(listener: (line: Certificate) => void): Unsubscribe {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** What the witnesses know of any account. Throws NO_QUORUM, and the signal's reason. */
  read(account: string, signal: AbortSignal): Promise<AccountReading> {
    return readAnyAccount(this.#deps, account, signal)
  }

  /**
   * Asks the witnesses what has come in: all of them, or so many as are told. Throws NO_QUORUM when too few of them answer, and the signal's
   * reason.
   */
  async receive(signal: AbortSignal, wanted?: number): Promise<void> {
    const { network } = this.#deps
    const most = wanted ?? network.witnesses.size
    const told = await gather(
      { ...this.#deps, witnesses: network.witnesses },
      {
        ask: async (witness, asking) => {
          await this.#sync.with(witness, asking)
          return true
        },
        isEnough: ({ size }) => size >= most,
        patience,
      },
      signal,
    )
    const [answered, needed] = [told.size, network.quorum]
    if (answered < needed) throw new ClawError('NO_QUORUM', { what: 'what has come in', answered, needed })
  }

  /** A line that somebody else shows, such as what was set aside. Whether it is final; if it concerns the account, it is in the books then. */
  async take(line: Certificate): Promise<boolean> {
    if (!isFinal(line, this.#deps)) return false
    await this.#sync.enter(line)
    return true
  }

  /**
   * Pays, and returns when it is final. Throws PAYMENT_INVALID, INSUFFICIENT_FUNDS and PAYMENT_GIVEN_UP, after which nothing was paid;
   * NO_QUORUM when too few witnesses have answered, after which it goes on by itself and may be asked again; PAYMENT_REFUSED when no quorum
   * will ever be for it; ACCOUNT_LOCKED; LINE_REPLACED; DISK_FULL; and the signal's reason, after which it goes on as well.
   */
  pay(payment: Payment, signal: AbortSignal): Promise<Certificate> {
    return this.#asked(payment, signal, () => Promise.resolve())
  }

  /** Sets aside what was agreed; once, however often it is asked for. Throws as `pay` does. */
  openHold(agreement: Agreement, signal: AbortSignal): Promise<Certificate> {
    const outputs = [{ to: holdAccount(agreement), amount: agreement.terms.hold }]
    return this.#asked({ outputs, purpose: `hold ${agreementId(agreement)}` }, signal, () => this.know(agreement))
  }

  /** Whether it may still come to be paid: asked for, or on its way, and not in the books. */
  isUnderWay(purpose: string): boolean {
    const { proposed, byPurpose } = this.books
    return !byPurpose.has(purpose) && (proposed?.purpose === purpose || this.#intents.has(purpose))
  }

  /**
   * What was asked for with this purpose is not paid any more, where nothing is signed for it yet: whoever waits gets PAYMENT_GIVEN_UP.
   * False where it is paid, or may be. It can be asked for again.
   */
  giveUp(purpose: string): boolean {
    const { proposed, byPurpose } = this.books
    return !byPurpose.has(purpose) && proposed?.purpose !== purpose && this.#intents.giveUp(purpose)
  }

  #asked(payment: Payment, signal: AbortSignal, before: () => Promise<void>): Promise<Certificate> {
    const intent = this.#intents.begin(payment.purpose)
    const paid = this.#next(async () => {
      try {
        await before()
        return await this.#pay(payment, intent)
      } finally {
        await this.#endIntent(intent)
      }
    })
    return abortable(paid, signal)
  }

  /** What could not be written may be on the disk all the same: until the books are read again it is not known. */
  async #endIntent(intent: Intent): Promise<void> {
    this.#ended.add(intent)
    try {
      if (intent.isSigned) await this.#keeper.write(() => [])
    } catch (error) {
      if (!isClawError(error)) throw error
      this.#deps.log.warn('the books cannot be read again yet', { reason: error.message })
      return
    }
    this.#forgetEnded()
  }

  #forgetEnded(): void {
    for (const intent of this.#ended) this.#intents.end(intent)
    this.#ended.clear()
  }

  /** Own lines, one after the other. */
  #next<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#queue.then(work)
    this.#queue = done.catch(() => 'the one who asked hears of it')
    return done
  }

  /** From now on what happens to the agreement is in the books. */
  async know(agreement: Agreement): Promise<void> {
    await this.#closings.know(agreement)
  }

  /**
   * Closes an agreement, and returns the line that closed it: its own, or the other side's. Throws CLOSING_REFUSED, NOTHING_HELD, DISK_FULL;
   * NO_QUORUM and the signal's reason, after which it goes on by itself.
   */
  async close(
    agreement: Agreement,
    closing: Closing,
    {
      signal,
      onProgress = () => {},
    }: { readonly signal: AbortSignal; readonly onProgress?: (progress: ClosingProgress) => void },
  ): Promise<Certificate> {
    const known = await this.#closings.begin(agreement, closing)
    if (known !== null) return known
    return abortable(this.#closings.close(agreementId(agreement), onProgress, this.#end.signal), signal)
  }

  get #payer(): PayerDeps {
    return { ...this.#deps, sync: this.#sync }
  }

  async #pay({ outputs, purpose }: Payment, intent: Intent): Promise<Certificate> {
    const known = this.books.byPurpose.get(purpose)
    if (known !== undefined) return known.line
    this.#check({ outputs, purpose })
    const { proposed } = this.books
    if (proposed !== null) {
      intent.isSigned ||= proposed.purpose === purpose
      const line = await this.#finish(proposed)
      if (proposed.purpose === purpose) return line
    }
    await this.#propose({ outputs, purpose }, intent)
    const next = this.books.proposed
    if (next === null) throw new Error('what was proposed is not in the books')
    return this.#finish(next)
  }

  /** What no witness would ever be for is not signed: it would hold up all that comes after it. */
  #check({ outputs, purpose }: Payment): void {
    const problem =
      purpose === '' || purpose.length > longestPurpose
        ? `its purpose has more than ${longestPurpose} letters, or none`
        : paymentProblem({ account: this.#deps.signer.id, outputs }, this.#deps.leastPayment ?? leastPayment)
    if (problem !== null) throw new ClawError('PAYMENT_INVALID', { problem })
  }

  async #propose({ outputs, purpose }: Payment, intent: Intent): Promise<void> {
    const { network, signer } = this.#deps
    const needed = totalOf({ outputs })
    // What has come in meanwhile may be enough.
    if (this.spendable < needed) await this.receive(this.#end.signal)
    await this.#keeper.write((books) => {
      if (intent.isGivenUp) throw new ClawError('PAYMENT_GIVEN_UP', { purpose })
      const { account, sequence, head } = books
      const available = spendableIn(books, network)
      if (available < needed)
        throw new ClawError('INSUFFICIENT_FUNDS', { needed: moltInWords(needed), available: moltInWords(available) })
      const spend = { account, sequence: sequence + 1, previous: head, outputs: [...outputs] }
      const signature = sign(signer, { kind: 'spend', network: network.id, value: spend })
      intent.isSigned = true
      return [{ type: 'proposed', order: { spend, right: { type: 'owner', signature } }, purpose }]
    })
  }

  async #finish(proposed: Proposed, isFound = false): Promise<Certificate> {
    const { network } = this.#deps
    const { account, sequence } = proposed.order.spend
    const end = await finish(this.#payer, proposed, this.#end.signal)
    switch (end.type) {
      case 'final':
        await this.#sync.enter(end.line)
        await settleEverywhere(this.#payer, end.line, this.#end.signal)
        return end.line
      case 'replaced':
        await this.#giveUpLine(proposed)
        await this.#sync.enter(end.line)
        throw new ClawError('LINE_REPLACED', { account, sequence })
      case 'locked':
        if (isFound) throw new ClawError('ACCOUNT_LOCKED', { account, sequence })
        await this.#finishFound(end.rival)
        throw new ClawError('LINE_REPLACED', { account, sequence })
      case 'hopeless':
        await this.#giveUpLine(proposed)
        throw new ClawError('PAYMENT_REFUSED', { account, sequence, reason: end.reason })
      case 'no-quorum':
        throw new ClawError('NO_QUORUM', { what: 'a payment', answered: end.answered, needed: network.quorum })
    }
  }

  async #giveUpLine({ order }: Proposed): Promise<void> {
    const { sequence } = order.spend
    await this.#keeper.write(({ proposed }) =>
      proposed !== null && isSame(proposed.order, order) ? [{ type: 'given-up', sequence }] : [],
    )
  }

  /** A line that this account has signed and the books do not have: they are older than it. It may have got through all the same. */
  async #finishFound(order: Order): Promise<void> {
    const { sequence } = order.spend
    const purpose = `found ${spendHash(order.spend)}`
    await this.#keeper.write(() => [
      { type: 'given-up', sequence },
      { type: 'proposed', order, purpose },
    ])
    await this.#finish({ order, purpose }, true)
  }

  /** Hears of what has come in, and brings to an end what was begun. */
  async #goOn(signal: AbortSignal): Promise<void> {
    const { log } = this.#deps
    const quietly = async (work: Promise<unknown>): Promise<void> => {
      try {
        await work
      } catch (error) {
        if (!isClawError(error) && !signal.aborted && !this.#end.signal.aborted) throw error
        log.debug('an errand of the account is tried again', { reason: String(error) })
      }
    }
    await quietly(this.receive(signal))
    if (this.#ended.size > 0) await quietly(this.#keeper.write(() => []).then(() => this.#forgetEnded()))
    const { proposed, closings } = this.books
    if (proposed !== null && !signal.aborted) await quietly(this.#again(proposed.order))
    if (!signal.aborted)
      await Promise.all([...closings.keys()].map((id) => quietly(this.#closings.close(id, () => {}, this.#end.signal))))
  }

  /** Only where that very line is still on its way: what was given up meanwhile must not be signed anew. */
  #again(order: Order): Promise<unknown> {
    return this.#next(async () => {
      const { proposed } = this.books
      if (proposed !== null && isSame(proposed.order, order)) await this.#finish(proposed)
    })
  }
}

const isSame = (one: Order, other: Order): boolean => spendHash(one.spend) === spendHash(other.spend)
