/**
 * The disputes that concern this node, as a party or as an arbiter. Those whom one concerns tell each other what they know of it, again and again
 * until its agreement is closed; whoever has what all arbiters have signed has it closed at that. What is here is on the disk.
 */
import { agreementId, holdAccount } from '../../../core/molt/agreement.ts'
import { keyOf } from '../../../core/molt/books.ts'
import { closedAt } from '../../../core/molt/spend.ts'
import {
  type Dispute,
  disputeFrom,
  disputeMemory,
  disputeProblem,
  disputeText,
  involvedIn,
  isNews,
  isRuling,
  newDispute,
  payloadOf,
  ruled,
  rulingOf,
  signRuling,
  stateOf,
  verdictIn,
  withClaim,
} from '../../../core/records/dispute.ts'
import { evidenceFrom, evidenceText, signEvidence } from '../../../core/records/evidence.ts'
import { ClawError, isClawError } from '../../../model/failure.ts'
import type { MicroMolt } from '../../../model/amount.ts'
import type { NodeId } from '../../../model/ids.ts'
import type { Agreement, Hash } from '../../../model/molt-agreement.ts'
import type { Evidence, Ruling } from '../../../model/molt-dispute.ts'
import { type Millis, minute, second } from '../../../model/time.ts'
import type { Disk } from '../../../ports/journal.ts'
import type { Log } from '../../../ports/log.ts'
import type { Rpc, Unsubscribe } from '../../../ports/rpc.ts'
import type { Service } from '../../../ports/service.ts'
import type { Signer } from '../../../ports/signer.ts'
import { exchangeDispute } from '../../../wire/molt-dispute.ts'
import { Loop } from '../../gateway/loop.ts'
import { accountLines } from '../account-lines.ts'
import type { Bank } from '../bank.ts'
import type { DeedBook } from '../deeds/deed-book.ts'
import type { RecordSayer } from '../deeds/record-sayer.ts'
import { KeptRecords } from '../kept-records.ts'
import type { ReadingDeps } from '../reading.ts'
import { DisputeDesk } from './dispute-desk.ts'
import type { Trades } from './trades.ts'

export interface DisputeDeps extends ReadingDeps {
  readonly signer: Signer
  readonly rpc: Pick<Rpc, 'call' | 'serve'>
  readonly bank: Pick<Bank, 'books' | 'close' | 'know' | 'read' | 'take' | 'onLine'>
  readonly deeds: Pick<DeedBook, 'get'>
  readonly trades: Trades
  readonly sayer: RecordSayer
  readonly disk: Pick<Disk, 'openJournal'>
  readonly log: Log
}

/** As its operations see them. */
export interface DisputesView {
  /** The newest first. */
  all(): readonly Dispute[]
  /** By the first letters of its agreement. Throws DISPUTE_UNKNOWN. */
  find(reference: string): Dispute
  /** What a party of it has put forward; null where that is not here. */
  evidence(agreement: Hash, by: NodeId): Evidence | null
  /** Throws DISPUTE_REFUSED, NO_QUORUM, and what the disk throws. */
  open(agreement: Agreement, reason: string, signal: AbortSignal): Promise<Dispute>
  /** As one of its arbiters. Throws DISPUTE_REFUSED, and what the disk throws. */
  rule(dispute: Dispute, paid: MicroMolt): Promise<Dispute>
}

const pace = { every: minute, pause: 100 }
/** Each of those concerned is asked so often what it knows. */
const askEvery: Millis = 30 * second

export class DisputeService implements Service, DisputesView {
  readonly name = 'molt-disputes'
  readonly #deps: DisputeDeps
  readonly #disputes: KeptRecords<Dispute>
  readonly #evidence: KeptRecords<Evidence>
  readonly #desk: DisputeDesk
  readonly #loop: Loop
  /** When somebody was told of a dispute last, on the steady clock, and what of it was taken. */
  readonly #told = new Map<string, { readonly at: Millis; readonly text: string }>()
  #turn: Promise<unknown> = Promise.resolve()
  #undo: readonly Unsubscribe[] = []

  constructor(deps: DisputeDeps) {
    this.#deps = deps
    this.#disputes = new KeptRecords(deps.disk, { file: 'molt-disputes', write: disputeText, read: disputeFrom })
    this.#evidence = new KeptRecords(deps.disk, { file: 'molt-evidence', write: evidenceText, read: evidenceFrom })
    this.#desk = new DisputeDesk({
      ...{ ...deps, self: deps.signer.id, all: () => this.all(), get: (id) => this.#disputes.get(id) },
      ...{ take: (evidence) => this.#take(evidence), ruled: (id, rulings) => this.#ruled(id, rulings) },
    })
    this.#loop = new Loop(deps, pace, (signal) => this.#round(signal))
  }

  /** Throws STATE_CORRUPT. Disputes that are open go on. */
  async start(): Promise<void> {
    const { rpc, bank } = this.#deps
    await this.#disputes.open()
    await this.#evidence.open()
    this.#undo = [
      rpc.serve(exchangeDispute, (asked, from) => this.#desk.answer(asked, from)),
      bank.onLine(() => this.#loop.wake()),
    ]
    this.#loop.start()
  }

  async stop(): Promise<void> {
    for (const undo of this.#undo) undo()
    await this.#loop.stop()
    await this.#turn
    await this.#disputes.close()
    await this.#evidence.close()
  }

  all(): readonly Dispute[] {
    return this.#disputes.all().toReversed()
  }

  find(reference: string): Dispute {
    const fitting = this.all().filter(({ agreement }) => agreementId(agreement).startsWith(reference))
    const [one] = fitting
    if (one === undefined || fitting.length > 1) throw new ClawError('DISPUTE_UNKNOWN', { dispute: reference })
    return one
  }

  evidence(agreement: Hash, by: NodeId): Evidence | null {
    return this.#evidence.get(`${agreement}/${by}`)
  }

  async open(agreement: Agreement, reason: string, signal: AbortSignal): Promise<Dispute> {
    const { deeds, trades, network, clock, signer } = this.#deps
    const id = agreementId(agreement)
    const known = this.#disputes.get(id)
    if (known?.claims.some(({ by }) => by === signer.id) === true) return known
    const deed = deeds.get(id)
    const said = trades.said(id)
    const problem =
      disputeProblem(agreement, network, clock.now()) ??
      (deed === null || said === null ? 'this node has no record of it any more' : null) ??
      (this.#closing(agreement) === null ? null : 'it is closed already')
    if (problem !== null || deed === null || said === null)
      throw new ClawError('DISPUTE_REFUSED', { agreement: id, problem: problem ?? 'it is unknown' })
    const { sent, received } = await accountLines(this.#deps, holdAccount(agreement), signal)
    if (received.length === 0)
      throw new ClawError('DISPUTE_REFUSED', { agreement: id, problem: 'nothing is set aside for it' })
    // From now on this side has nothing closed by itself: before that is kept, nobody is told of a dispute.
    await trades.dispute(id)
    const { byBuyer, byProvider } = deed
    const put = { ...{ agreement, parties: { byBuyer, byProvider }, reason, at: clock.now() }, ...said }
    const lines = { sent: sent.slice(0, 8), received: received.slice(0, 16) }
    return this.#take(signEvidence({ ...put, ...lines }, signer))
  }

  async rule(dispute: Dispute, paid: MicroMolt): Promise<Dispute> {
    const { signer, network } = this.#deps
    const { agreement } = dispute
    const id = agreementId(agreement)
    const refuse = (problem: string): ClawError => new ClawError('DISPUTE_REFUSED', { agreement: id, problem })
    if (!agreement.terms.arbiters.includes(signer.id)) throw refuse('this node is not to judge it')
    if (paid > agreement.terms.hold) throw refuse('that is more than is set aside')
    return this.#inTurn(async () => {
      const before = this.#known(id)
      if (stateOf(before) !== 'open') throw refuse(`it is ${stateOf(before)} already`)
      const last = rulingOf(before, signer.id)
      if (last?.paid === paid) return before
      // Also where the clock was set back since.
      const at = Math.max(this.#now(), (last?.at ?? -1) + 1)
      return this.#keep(before, ruled(before, signRuling(agreement, { paid, at }, { signer, network: network.id })))
    })
  }

  /** One that was checked. */
  #take(evidence: Evidence): Promise<Dispute> {
    const id = agreementId(evidence.agreement)
    return this.#inTurn(async () => {
      const before = this.#disputes.get(id)
      const after = before === null ? newDispute(evidence, this.#now()) : withClaim(before, evidence)
      // What the claim names is there before the claim is.
      if (after !== before) await this.#evidence.put(`${id}/${evidence.by}`, evidence)
      return this.#keep(before, after)
    })
  }

  /** Those that an arbiter of it has signed count; the others are nobody's word. */
  #ruled(id: Hash, rulings: readonly Ruling[]): Promise<Dispute> {
    const { verifier, signer } = this.#deps
    return this.#inTurn(async () => {
      const before = this.#known(id)
      const isFresh = (one: Ruling): boolean =>
        isNews(before, one, signer.id) && isRuling(before.agreement, one, verifier)
      return this.#keep(before, rulings.filter(isFresh).reduce(ruled, before))
    })
  }

  /** Throws DISPUTE_UNKNOWN. */
  #known(id: Hash): Dispute {
    const known = this.#disputes.get(id)
    if (known === null) throw new ClawError('DISPUTE_UNKNOWN', { dispute: id })
    return known
  }

  async #keep(before: Dispute | null, after: Dispute): Promise<Dispute> {
    if (after === before) return after
    await this.#disputes.put(agreementId(after.agreement), after)
    this.#loop.wake()
    return after
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work)
    this.#turn = done.catch(() => 'whoever asked hears of it')
    return done
  }

  #now(): number {
    return Math.max(0, Math.floor(this.#deps.clock.now()))
  }

  #closing({ terms }: Agreement) {
    const line = this.#deps.bank.books.byKey.get(keyOf({ account: holdAccount({ terms }), sequence: 1 }))
    return line === undefined ? null : closedAt(line.line.order)
  }

  async #round(signal: AbortSignal): Promise<void> {
    for (const dispute of this.#disputes.all()) {
      if (signal.aborted) return
      if (dispute.end === null) await this.#goOn(dispute, signal)
      else if (this.#now() > dispute.end.at + disputeMemory) await this.#forget(dispute)
    }
    if (this.#disputes.all().some(({ end }) => end === null)) this.#loop.wake(askEvery)
  }

  async #goOn(dispute: Dispute, signal: AbortSignal): Promise<void> {
    const { log } = this.#deps
    const { agreement } = dispute
    const id = agreementId(agreement)
    const quietly = async (what: string, work: () => Promise<unknown>): Promise<void> => {
      try {
        await work()
      } catch (error) {
        if (!isClawError(error) && !signal.aborted) throw error
        log.debug('a duty of a dispute is tried again', { what, agreement: id, error })
      }
    }
    const self = this.#deps.signer.id
    const others = involvedIn(agreement).filter((one) => one !== self)
    await Promise.all(others.map((to) => quietly('tell', () => this.#tell(dispute, to, signal))))
    const now = this.#disputes.get(id) ?? dispute
    await quietly('say', () => this.#say(now, signal))
    const verdict = verdictIn(now)
    if (verdict !== null) await quietly('close', () => this.#deps.bank.close(agreement, verdict.closing, { signal }))
    await quietly('look', () => this.#look(now, signal))
  }

  /** What changes is told at once, and otherwise it is asked every now and then what others know. */
  async #tell({ agreement, rulings, claims }: Dispute, to: NodeId, signal: AbortSignal): Promise<void> {
    const { rpc, clock, signer } = this.#deps
    const id = agreementId(agreement)
    const name = `${id}/${to}`
    const text = `${claims.length} ${rulings
      .map(({ arbiter, paid, at }) => `${arbiter}:${paid}:${at}`)
      .toSorted()
      .join(' ')}`
    const last = this.#told.get(name)
    if (last?.text === text && clock.elapsed() - last.at < askEvery) return
    const evidence = last === undefined ? this.evidence(id, signer.id) : null
    const answer = await rpc.call(to, exchangeDispute, { agreement: id, evidence, rulings: [...rulings] }, signal)
    if (answer.type === 'refused') throw new ClawError('DISPUTE_REFUSED', { agreement: id, problem: answer.reason })
    this.#told.set(name, { at: clock.elapsed(), text })
    await this.#ruled(id, answer.rulings)
  }

  /** Whoever has put something forward says so to the network, and everybody whom it concerns what the verdict is. */
  async #say(dispute: Dispute, signal: AbortSignal): Promise<void> {
    const { terms } = dispute.agreement
    const isParty = [terms.buyer, terms.provider].includes(this.#deps.signer.id)
    if (!isParty && verdictIn(dispute) === null) return
    const id = agreementId(dispute.agreement)
    await this.#deps.sayer.see({ namespace: 'claw-disp', id, value: payloadOf(dispute) }, signal)
  }

  /** Whether it is closed by now, in whichever way, by whomever. */
  async #look({ agreement }: Dispute, signal: AbortSignal): Promise<void> {
    const { bank } = this.#deps
    if (this.#closing(agreement) === null) {
      await bank.know(agreement)
      const { last } = await bank.read(holdAccount(agreement), signal)
      if (last !== null) await bank.take(last)
    }
    const outcome = this.#closing(agreement)
    if (outcome === null) return
    await this.#inTurn(async () => {
      const before = this.#disputes.get(agreementId(agreement))
      if (before !== null && before.end === null)
        await this.#keep(before, { ...before, end: { outcome, at: this.#now() } })
    })
  }

  async #forget({ agreement, claims }: Dispute): Promise<void> {
    const id = agreementId(agreement)
    for (const { by } of claims) await this.#evidence.remove(`${id}/${by}`)
    await this.#disputes.remove(id)
    for (const who of involvedIn(agreement)) this.#told.delete(`${id}/${who}`)
  }
}
