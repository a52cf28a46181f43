/**
 * Tells the network how agreements of this node were closed, and what it thinks of the other party: as records, again and again for as long as
 * they are worth it. What is to be told follows from the deeds and the books alone, so whoever comes back after a crash goes on.
 */
import { agreementId, holdAccount } from '../../../core/molt/agreement.ts'
import { keyOf } from '../../../core/molt/books.ts'
import { remembered } from '../../../core/molt/market/reputation.ts'
import { setAsideIn } from '../../../core/molt/wallet.ts'
import {
  type Deed,
  opinionOf,
  outdatedDeeds,
  roleIn,
  signedPartiesOf,
  toldDeeds,
  unfundedLife,
} from '../../../core/records/deed.ts'
import { closeHash, ratingId } from '../../../core/records/rules/agreement.ts'
import type { NodeId } from '../../../model/ids.ts'
import type { Hash } from '../../../model/molt-agreement.ts'
import type { Closing } from '../../../model/molt-line.ts'
import { recordKey } from '../../../model/record.ts'
import { minute, second } from '../../../model/time.ts'
import type { Clock } from '../../../ports/clock.ts'
import type { Log } from '../../../ports/log.ts'
import type { Unsubscribe } from '../../../ports/rpc.ts'
import type { Service } from '../../../ports/service.ts'
import { Loop } from '../../gateway/loop.ts'
import type { RecordStore } from '../../records/record-store.ts'
import type { Bank } from '../bank.ts'
import { blamesBy, closingIn } from './blames.ts'
import type { DeedBook } from './deed-book.ts'
import { RecordSayer, type Said } from './record-sayer.ts'

export interface DeedTellerDeps {
  readonly self: NodeId
  readonly deeds: DeedBook
  readonly bank: Pick<Bank, 'books' | 'onLine' | 'isUnderWay'>
  readonly records: Pick<RecordStore, 'publish' | 'read'>
  /** Why the lease of an agreement has ended, as this node has kept it; null where it has not, or not any more. */
  readonly whyOf: (agreement: Hash) => string | null
  readonly clock: Clock
  readonly log: Log
}

const pace = { every: minute, pause: 2 * second }
export class DeedTeller implements Service {
  readonly name = 'molt-deed-teller'
  readonly #deps: DeedTellerDeps
  readonly #loop: Loop
  readonly #sayer: RecordSayer
  #undo: readonly Unsubscribe[] = []

  constructor(deps: DeedTellerDeps) {
    this.#deps = deps
    this.#sayer = new RecordSayer(deps)
    this.#loop = new Loop(deps, pace, (signal) => this.#round(signal))
  }

  start(): Promise<void> {
    const { deeds, bank } = this.#deps
    const wake = (): void => this.#loop.wake()
    this.#undo = [deeds.onNew(wake), bank.onLine(wake)]
    this.#loop.start()
    return Promise.resolve()
  }

  async stop(): Promise<void> {
    for (const undo of this.#undo) undo()
    await this.#loop.stop()
  }

  async #round(signal: AbortSignal): Promise<void> {
    await this.#lookAtBooks()
    const said = this.#toBeSaid()
    this.#sayer.forgetBut(new Set(said.map(recordKey)))
    for (const one of said) {
      if (signal.aborted) return
      await this.#sayer.see(one, signal)
    }
  }

  /** Which of them are closed by now, and which will never be. */
  async #lookAtBooks(): Promise<void> {
    const { self, deeds, bank, whyOf, clock } = this.#deps
    const { books } = bank
    const open = deeds.all().filter(({ ended }) => ended === null)
    const funded = new Set(open.length === 0 ? [] : setAsideIn(books).map(({ agreement }) => agreement))
    for (const { agreement, at } of open) {
      const id = agreementId(agreement)
      const closed = books.byKey.get(keyOf({ account: holdAccount(agreement), sequence: 1 }))
      if (closed !== undefined) await deeds.end(id, { at: closed.at, why: whyOf(id) })
      else if (!funded.has(id) && !bank.isUnderWay(`hold ${id}`) && clock.now() > at + unfundedLife)
        await deeds.forget(id)
    }
    const isBlaming = (deed: Deed): boolean => blamesBy(deed, books, self).length > 0
    for (const id of outdatedDeeds(deeds.all(), { isBlaming, now: clock.now() })) await deeds.forget(id)
  }

  /** Of each agreement its closing, and of each party what is thought of it since the last one that says something. */
  #toBeSaid(): readonly Said[] {
    const { self, deeds, bank, clock } = this.#deps
    const since = clock.now() - remembered
    const told = toldDeeds(deeds.all(), self).filter(({ ended }) => (ended?.at ?? 0) > since)
    const said = new Map<string, Said>()
    for (const deed of told) {
      const closing = closingIn(bank.books, deed)
      if (closing === null) continue
      const close = closeOf(deed, closing)
      said.set(recordKey(close), close)
      const rating = ratingOf(deed, closing, self)
      if (rating !== null && !said.has(recordKey(rating))) said.set(recordKey(rating), rating)
    }
    return [...said.values()]
  }
}

const closeOf = (deed: Deed, closing: Closing): Said => ({
  ...{ namespace: 'claw-close', id: agreementId(deed.agreement) },
  value: { parties: signedPartiesOf(deed), closing },
})

function ratingOf(deed: Deed, closing: Closing, self: NodeId): Said | null {
  const { terms } = deed.agreement
  const role = roleIn(deed.agreement, self)
  const opinion = role === null ? null : opinionOf(role, closing, deed.ended?.why ?? null)
  if (opinion === null) return null
  const subject = role === 'buyer' ? terms.provider : terms.buyer
  const value = { parties: signedPartiesOf(deed), close: closeHash(closing), ...opinion }
  return { namespace: 'claw-rep', id: ratingId(subject, self), value }
}
