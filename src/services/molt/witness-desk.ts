/** What a witness answers, out of what it has on disk: every answer that promises something waits until the promise is there. */
import { holdAccount, isAgreed } from '../../core/molt/agreement.ts'
import type { Account } from '../../core/molt/ledger.ts'
import { settle, votePay } from '../../core/molt/ledger.ts'
import type { Network } from '../../core/molt/network.ts'
import { leaveFor, voteCommit, votePrepare } from '../../core/molt/rounds.ts'
import { sign } from '../../core/molt/signing.ts'
import type { Rules } from '../../core/molt/spend.ts'
import { spendHash, trimmed, voteText } from '../../core/molt/spend.ts'
import type { NodeId } from '../../model/ids.ts'
import type { Certificate, Order, Proposal, Refusal, SignedStatement, Spend, Statement } from '../../model/molt-line.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Metrics } from '../../ports/metrics.ts'
import type { Signer, Verifier } from '../../ports/signer.ts'
import type {
  AccountAnswer,
  HeadsAnswer,
  LinesAnswer,
  LinesRequest,
  OpenAnswer,
  OpenRequest,
  Refused,
  SettleAnswer,
  VoteAnswer,
} from '../../wire/molt-witness.ts'
import { mostHeads, mostLines } from '../../wire/molt-witness.ts'
import { HeadOrder } from './head-order.ts'
import type { LimitKeeper } from './witness-limits.ts'
import type { WitnessStore } from './witness-store.ts'

export interface WitnessDeskDeps {
  readonly network: Network
  /** With the key of this witness. */
  readonly signer: Signer
  readonly verifier: Verifier
  readonly clock: Clock
  readonly metrics: Metrics
  readonly store: WitnessStore
  readonly limits: LimitKeeper
  /** Names the order of heads that this life of the witness tells. */
  readonly epoch: string
}

export class WitnessDesk {
  readonly #deps: WitnessDeskDeps
  readonly #heads = new HeadOrder()

  constructor(deps: WitnessDeskDeps) {
    this.#deps = deps
    for (const [name, { account }] of deps.store.accounts) if (account.sequence > 0) this.#heads.touch(name)
  }

  get #rules(): Rules {
    const { network, verifier, clock } = this.#deps
    return { network, verifier, now: clock.now() }
  }

  async account(name: string): Promise<AccountAnswer> {
    const { store } = this.#deps
    const { account, voted, sent, received, digest } = store.get(name)
    const { balance, sequence, head, round, lock } = account
    const statement = store.isWhole && round > 0 ? stated(name, account, lock) : null
    const [last = null] = await store.read(sent.slice(-1))
    await store.flushed()
    return {
      ...{ balance, sequence, head, round, voted, last },
      statement: statement === null ? null : this.#signed(statement),
      received: { count: received.length, digest },
    }
  }

  async lines({ account, which, from }: LinesRequest): Promise<LinesAnswer> {
    const { store } = this.#deps
    const all = store.get(account)[which]
    return { lines: [...(await store.read(all.slice(from - 1, from - 1 + mostLines)))], count: all.length }
  }

  changed(epoch: string, after: number): HeadsAnswer {
    const { store, epoch: current } = this.#deps
    const { accounts, ...page } = this.#heads.after(epoch === current ? after : 0, mostHeads)
    const heads = accounts.map((account) => ({ account, sequence: store.get(account).account.sequence }))
    return { epoch: current, ...page, heads }
  }

  async vote(order: Order): Promise<VoteAnswer> {
    const { store, limits } = this.#deps
    const { spend } = order
    if (!store.isWhole) return this.#refuse(spend, 'catching-up')
    const outcome = votePay(store.ledgerFor(spend), order, this.#rules)
    if (!outcome.ok) return this.#refuse(spend, outcome.refusal)
    if (store.get(spend.account).account.voted === null) {
      if (limits.isTooLittle(spend)) return this.#refuse(spend, 'too-little')
      // Only now is it known that its owner asks.
      limits.admitLine(spend.account)
      if (!limits.mayOpen(spend, store.accounts)) return this.#refuse(spend, 'crowded')
      store.promise(spend.account, { round: 0, lock: null }, order)
    }
    return this.#vote(order, 'pay', 0)
  }

  async prepare(proposal: Proposal): Promise<VoteAnswer> {
    const { store } = this.#deps
    const { order, round } = proposal
    const { spend } = order
    if (!store.isWhole) return this.#refuse(spend, 'catching-up')
    const outcome = votePrepare(store.ledgerFor(spend), proposal, this.#rules)
    if (!outcome.ok) return this.#refuse(spend, outcome.refusal)
    const { account } = store.get(spend.account)
    if (account.round !== round || account.voted === null)
      store.promise(spend.account, { round, lock: account.lock }, order)
    return this.#vote(order, 'prepare', round)
  }

  async commit(prepared: Certificate): Promise<VoteAnswer> {
    const { store } = this.#deps
    const { order, round } = prepared
    const { spend } = order
    if (!store.isWhole) return this.#refuse(spend, 'catching-up')
    const outcome = voteCommit(store.ledgerFor(spend), prepared, this.#rules)
    if (!outcome.ok) return this.#refuse(spend, outcome.refusal)
    const { account, voted } = store.get(spend.account)
    if (account.round !== round || account.lock?.round !== round)
      store.promise(
        spend.account,
        { round, lock: trimmed(prepared, this.#deps) },
        account.round === round ? voted : null,
      )
    return this.#vote(order, 'commit', round)
  }

  async open({ agreement, opening }: OpenRequest, from: NodeId): Promise<OpenAnswer> {
    const { store, limits, verifier, network } = this.#deps
    const { account: name, round } = opening
    const { buyer, provider, arbiters } = agreement.terms
    if (!store.isWhole) return this.#refuse(opening, 'catching-up')
    const isParty = [buyer, provider, ...arbiters].includes(from)
    if (!isParty || holdAccount(agreement) !== name || !isAgreed(agreement, verifier))
      return this.#refuse(opening, 'party')
    // Nothing comes into being by being asked for.
    if (!store.accounts.has(name)) return this.#refuse(opening, 'funds')
    const { account } = store.get(name)
    const outcome = leaveFor(new Map([[name, account]]), opening, { network, verifier })
    if (!outcome.ok) return this.#refuse(opening, outcome.refusal)
    const { statement, lock } = outcome.value
    if (round !== account.round) {
      if (!limits.mayOpenRound(name)) return this.#refuse(opening, 'paced')
      store.promise(name, { round, lock }, null)
    }
    await store.flushed()
    return { type: 'opened', statement: this.#signed(statement), lock }
  }

  async settle(lines: readonly Certificate[]): Promise<SettleAnswer> {
    const { store } = this.#deps
    let settled = 0
    let refusal: Refusal | null = null
    let sequence = 0
    for (const line of lines) {
      refusal = this.#enter(line)
      sequence = store.get(line.order.spend.account).account.sequence
      if (refusal !== null) break
      settled += 1
    }
    await store.flushed()
    return { settled, refusal, sequence }
  }

  #enter(line: Certificate): Refusal | null {
    const { store, metrics } = this.#deps
    const { spend } = line.order
    const { sequence, head } = store.get(spend.account).account
    if (sequence === spend.sequence && head === spendHash(spend)) return null
    const outcome = settle(store.ledgerFor(spend), line, this.#rules)
    if (!outcome.ok) return outcome.refusal
    if (spend.sequence <= sequence) return null
    store.enter(trimmed(line, this.#deps))
    this.#heads.touch(spend.account)
    metrics.count('claw_molt_lines_total')
    return null
  }

  async #vote(order: Order, phase: Certificate['phase'], round: number): Promise<VoteAnswer> {
    const { store, network, signer } = this.#deps
    await store.flushed()
    const signature = sign(signer, { kind: 'vote', network: network.id, value: voteText(order, phase, round) })
    return { type: 'vote', vote: { witness: signer.id, signature } }
  }

  #signed(statement: Statement): SignedStatement {
    const { network, signer } = this.#deps
    const signature = sign(signer, { kind: 'statement', network: network.id, value: statement })
    return { witness: signer.id, statement, signature }
  }

  async #refuse({ account, sequence }: Pick<Spend, 'account' | 'sequence'>, refusal: Refusal): Promise<Refused> {
    const { store, metrics } = this.#deps
    metrics.count('claw_molt_refusals_total', { refusal })
    const { account: known, voted, sent } = store.get(account)
    const [final = null] = await store.read(sent.slice(sequence - 1, sequence))
    return {
      ...{ type: 'refused', refusal, final },
      ...{ sequence: known.sequence, voted: refusal === 'voted' ? voted : null },
    }
  }
}

const stated = (account: string, { sequence, round }: Account, lock: Account['lock']): Statement => ({
  ...{ account, sequence: sequence + 1, round },
  lock: lock === null ? null : { round: lock.round, hash: spendHash(lock.order.spend) },
})
