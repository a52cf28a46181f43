/**
 * Closes an agreement with the witnesses, in as many rounds as it takes when the other side closes it at the same time. The sides take turns
 * in the rounds, and whoever has the later turn waits a while before it goes ahead, so that one of them gets through.
 */
import type { Agreement } from '../../core/molt/agreement.ts'
import { agreementId, holdAccount } from '../../core/molt/agreement.ts'
import type { Closing } from '../../core/molt/closing.ts'
import { paidBy, payouts } from '../../core/molt/closing.ts'
import { isSignedBy } from '../../core/molt/signing.ts'
import { finalProblem, isCertified, originOf, spendHash, voteText } from '../../core/molt/spend.ts'
import type { MicroMolt } from '../../model/amount.ts'
import { ClawError } from '../../model/failure.ts'
import type { NodeId } from '../../model/ids.ts'
import type { Certificate, Order, Proposal, Refusal, SignedStatement, Vote } from '../../model/molt-line.ts'
import type { Millis } from '../../model/time.ts'
import { second } from '../../model/time.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Random } from '../../ports/random.ts'
import type { AccountAnswer, Refused, VoteAnswer } from '../../wire/molt-witness.ts'
import { commitClosing, openRound, prepareClosing, readAccount } from '../../wire/molt-witness.ts'
import { gather, waited } from './gather.ts'
import { chainAt, isFinal, showReceived, type TeachDeps } from './teach.ts'

export interface CloserDeps extends TeachDeps {
  readonly self: NodeId
  readonly clock: Clock
  readonly random: Random
}

export interface ClosingProgress {
  readonly round: number
  readonly step: 'reading' | 'waiting' | 'opening' | 'preparing' | 'committing'
}

const patience: Millis = 10 * second
/** So long the other side has when it is its turn. */
const turn: Millis = 4 * second

/** Where it stands. */
interface Stand {
  readonly final: Certificate | null
  readonly round: number
  readonly held: MicroMolt
  readonly statements: readonly SignedStatement[]
}

/** What became of one try. */
type Try =
  | { readonly type: 'final'; readonly line: Certificate }
  | { readonly type: 'contested' }
  | { readonly type: 'refused'; readonly reason: string }

/** What one witness has said. */
type Said = { readonly type: 'vote'; readonly vote: Vote } | Try

const nothing = { final: null, round: 0, held: 0n, statements: [] } as const

interface Opened {
  readonly statement: SignedStatement
  readonly lock: Certificate | null
}

export class Closer {
  readonly #deps: CloserDeps
  readonly #agreement: Agreement
  readonly #closing: Closing
  readonly #account: string
  readonly #tell: (progress: ClosingProgress) => void

  constructor(
    deps: CloserDeps,
    { agreement, closing }: { readonly agreement: Agreement; readonly closing: Closing },
    tell: (progress: ClosingProgress) => void,
  ) {
    this.#deps = deps
    this.#agreement = agreement
    this.#closing = closing
    this.#account = holdAccount(agreement)
    this.#tell = tell
  }

  /** The line that closes it, whoever has closed it. Throws NO_QUORUM, NOTHING_HELD, CLOSING_REFUSED, and the signal's reason. */
  async close(signal: AbortSignal): Promise<Certificate> {
    let waitedFor = 0
    for (let isFirst = true; ; isFirst = false) {
      const { final, ...stand } = await this.#read(signal)
      if (final !== null) return final
      if (stand.held === 0n) throw new ClawError('NOTHING_HELD', { agreement: agreementId(this.#agreement) })
      // The first round is free to both.
      const round = isFirst && stand.round === 0 ? 0 : stand.round + 1
      if (round > waitedFor && !this.#hasTurn(round)) {
        waitedFor = round
        this.#tell({ round, step: 'waiting' })
        await waited(this.#deps.clock, turn * (0.75 + 0.5 * this.#deps.random.next()), signal)
        continue
      }
      const end = await this.#try(stand, round, signal)
      if (end.type === 'final') return end.line
      if (end.type === 'refused')
        throw new ClawError('CLOSING_REFUSED', { agreement: agreementId(this.#agreement), reason: end.reason })
    }
  }

  #hasTurn(round: number): boolean {
    const { buyer, provider } = this.#agreement.terms
    return round === 0 || (round % 2 === 1 ? provider : buyer) === this.#deps.self
  }

  async #read(signal: AbortSignal): Promise<Stand> {
    const { network, rpc } = this.#deps
    this.#tell({ round: 0, step: 'reading' })
    const request = { account: this.#account }
    const told = await gather<AccountAnswer>(
      { ...this.#deps, witnesses: network.witnesses },
      {
        ask: (witness, asking) => rpc.call(witness, readAccount, request, asking),
        isEnough: ({ size }) => size >= network.quorum,
        patience,
      },
      signal,
    )
    const answers = [...told.values()]
    for (const { last } of answers)
      if (last !== null && last.order.spend.account === this.#account && isFinal(last, this.#deps))
        return { ...nothing, final: await this.#firstLine(last, signal) }
    this.#enough(answers.length)
    const rounds = answers.map(({ round }) => round).toSorted((a, b) => b - a)
    const balances = answers.map(({ balance }) => balance).toSorted((a, b) => (a < b ? 1 : a > b ? -1 : 0))
    return {
      final: null,
      // One more than may lie has been there.
      round: rounds[network.faulty] ?? 0,
      held: balances[network.quorum - 1] ?? 0n,
      statements: answers.flatMap(({ statement }) => statement ?? []),
    }
  }

  #enough(answered: number): void {
    const { quorum: needed } = this.#deps.network
    if (answered < needed) throw new ClawError('NO_QUORUM', { what: 'closing an agreement', answered, needed })
  }

  /** What was sent to it after it was closed may have gone back in a line after. */
  async #firstLine(last: Certificate, signal: AbortSignal): Promise<Certificate> {
    if (last.order.spend.sequence === 1) return last
    for (const witness of this.#deps.network.witnesses) {
      const [first] = await chainAt(this.#deps, witness, { account: this.#account, from: 1, to: 1 }, signal)
      if (first !== undefined) return first
    }
    return last
  }

  async #try({ held, statements }: Omit<Stand, 'final'>, round: number, signal: AbortSignal): Promise<Try> {
    const own = this.#order(held)
    if (round === 0) return this.#vote({ order: own, round, grounds: null }, signal)
    this.#tell({ round, step: 'opening' })
    const shown = statements.filter(({ statement }) => statement.round === round - 1)
    const opened = await this.#open(round, shown, signal)
    if (opened.length < this.#deps.network.quorum) return { type: 'contested' }
    const lock = opened
      .map((each) => each.lock)
      .reduce((latest, each) => ((each?.round ?? -1) > (latest?.round ?? -1) ? each : latest), null)
    const grounds = { statements: opened.map(({ statement }) => statement), lock }
    return this.#vote({ order: lock?.order ?? own, round, grounds }, signal)
  }

  #order(held: MicroMolt): Order {
    const due = paidBy(this.#closing)
    const outputs = payouts(this.#agreement, this.#deps.network, { held, paid: due > held ? held : due })
    return {
      spend: { account: this.#account, sequence: 1, previous: originOf(this.#account), outputs },
      right: { type: 'closing', agreement: this.#agreement, closing: this.#closing },
    }
  }

  async #open(round: number, shown: readonly SignedStatement[], signal: AbortSignal): Promise<readonly Opened[]> {
    const { network, rpc } = this.#deps
    const opening = { account: this.#account, sequence: 1, round, shown: [...shown] }
    const isLost = (said: ReadonlyMap<NodeId, Opened | 'past'>): boolean =>
      said
        .values()
        .filter((each) => each === 'past')
        .toArray().length >
      network.witnesses.size - network.quorum
    const openedIn = (said: ReadonlyMap<NodeId, Opened | 'past'>): readonly Opened[] =>
      said
        .values()
        .filter((each) => each !== 'past')
        .toArray()
    const said = await gather<Opened | 'past'>(
      { ...this.#deps, witnesses: network.witnesses },
      {
        ask: async (witness, asking) => {
          const answer = await rpc.call(witness, openRound, { agreement: this.#agreement, opening }, asking)
          if (answer.type === 'opened') return this.#isTrue(witness, round, answer) ? answer : null
          return answer.refusal === 'voted' || answer.refusal === 'behind' ? 'past' : null
        },
        isEnough: (all) => openedIn(all).length >= network.quorum || isLost(all),
        patience,
      },
      signal,
    )
    return openedIn(said)
  }

  /** Whether a witness says what can be believed: that it has seen a line prepared it has to show. */
  #isTrue(witness: NodeId, round: number, { statement: signed, lock }: Opened): boolean {
    const { network, verifier } = this.#deps
    const { statement, signature } = signed
    const isAbout = statement.account === this.#account && statement.sequence === 1 && statement.round === round
    const said = { kind: 'statement', network: network.id, value: statement } as const
    if (signed.witness !== witness || !isAbout || !isSignedBy(verifier, witness, said, signature)) return false
    if (statement.lock === null || lock === null) return statement.lock === lock
    return (
      lock.phase === 'prepare' &&
      lock.round === statement.lock.round &&
      spendHash(lock.order.spend) === statement.lock.hash &&
      isCertified(lock, this.#deps) &&
      finalProblem(lock.order, this.#deps) === null
    )
  }

  async #vote(proposal: Proposal, signal: AbortSignal): Promise<Try> {
    const { rpc } = this.#deps
    const { order, round } = proposal
    this.#tell({ round, step: 'preparing' })
    const prepared = await this.#votes(
      { order, phase: 'prepare', round },
      (witness, asking) => rpc.call(witness, prepareClosing, proposal, asking),
      signal,
    )
    if (prepared.type !== 'final' || prepared.line.phase === 'commit') return prepared
    this.#tell({ round, step: 'committing' })
    const asked = { prepared: prepared.line }
    return this.#votes(
      { order, phase: 'commit', round },
      (witness, asking) => rpc.call(witness, commitClosing, asked, asking),
      signal,
    )
  }

  /** A certificate of that phase, or the line that is final already. */
  async #votes(
    wanted: Omit<Certificate, 'votes'>,
    ask: (witness: NodeId, signal: AbortSignal) => Promise<VoteAnswer>,
    signal: AbortSignal,
  ): Promise<Try> {
    const { network } = this.#deps
    const endOf = (all: ReadonlyMap<NodeId, Said>): Try | null => {
      const said = [...all.values()]
      const final = said.find((each) => each.type === 'final')
      if (final !== undefined) return final
      const votes = said.flatMap((each) => (each.type === 'vote' ? [each.vote] : []))
      if (votes.length >= network.quorum) return { type: 'final', line: { ...wanted, votes } }
      const others = said.filter((each) => each.type === 'contested' || each.type === 'refused')
      if (others.length <= network.witnesses.size - network.quorum) return null
      return others.find((each) => each.type === 'contested') ?? others[0] ?? null
    }
    const said = await gather<Said>(
      { ...this.#deps, witnesses: network.witnesses },
      {
        ask: async (witness, asking) => {
          const answer = await ask(witness, asking)
          return answer.type === 'vote'
            ? this.#voteOf(witness, wanted, answer.vote)
            : this.#refusedBy(witness, answer, asking)
        },
        isEnough: (all) => endOf(all) !== null,
        patience,
      },
      signal,
    )
    const end = endOf(said)
    if (end !== null) return end
    this.#enough(said.size)
    return { type: 'contested' }
  }

  #voteOf(witness: NodeId, { order, phase, round }: Omit<Certificate, 'votes'>, vote: Vote): Said | null {
    const { network, verifier } = this.#deps
    const said = { kind: 'vote', network: network.id, value: voteText(order, phase, round) } as const
    return vote.witness === witness && isSignedBy(verifier, witness, said, vote.signature)
      ? { type: 'vote', vote }
      : null
  }

  async #refusedBy(witness: NodeId, { refusal, final }: Refused, signal: AbortSignal): Promise<Said | null> {
    if (final !== null && final.order.spend.account === this.#account && isFinal(final, this.#deps))
      return { type: 'final', line: final }
    if (refusal === 'voted' || refusal === 'grounds') return { type: 'contested' }
    if (refusals.has(refusal)) return { type: 'refused', reason: refusal }
    // It has not heard yet of what was set aside.
    if (refusal === 'funds') await showReceived(this.#deps, witness, this.#account, signal)
    return null
  }
}

/** These say that no witness that does not lie will ever be for it as it is. */
const refusals: ReadonlySet<Refusal> = new Set([
  'malformed',
  'signature',
  'agreement',
  'too-early',
  'too-much',
] as const)
