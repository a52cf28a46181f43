/** The accounts of a simulated market: the real ledger, with one witness that is always there. */
import type { Agreement } from '../../core/molt/agreement.ts'
import { agreementId, holdAccount, isHoldAccount } from '../../core/molt/agreement.ts'
import type { Closing } from '../../core/molt/closing.ts'
import { paidBy, payouts } from '../../core/molt/closing.ts'
import type { Deal } from '../../core/molt/market/reputation.ts'
import { dealOf } from '../../core/molt/market/reputation.ts'
import type { Outcome } from '../../core/molt/market/record.ts'
import type { Ledger } from '../../core/molt/ledger.ts'
import { accountIn, emptyLedger, nextProblem, settle, sumOf } from '../../core/molt/ledger.ts'
import type { Network } from '../../core/molt/network.ts'
import { sign } from '../../core/molt/signing.ts'
import type { Order, Spend } from '../../core/molt/spend.ts'
import { finalPhase, voteText } from '../../core/molt/spend.ts'
import type { MicroMolt } from '../../model/amount.ts'
import type { NodeId } from '../../model/ids.ts'
import type { Instant } from '../../model/time.ts'
import type { Signer, Verifier } from '../../ports/signer.ts'

export interface BankInit {
  readonly network: Network
  readonly witness: Signer
  readonly signerOf: (id: NodeId) => Signer
  readonly verifier: Verifier
}

export class Bank {
  readonly network: Network
  readonly deals: Deal[] = []
  readonly outcomes = new Map<string, Outcome>()
  /** Lines that the witness would not sign. */
  refusals = 0
  readonly #init: BankInit
  #ledger: Ledger = emptyLedger

  constructor(init: BankInit) {
    this.#init = init
    this.network = init.network
  }

  balance(account: string): MicroMolt {
    return accountIn(this.#ledger, account).balance
  }

  /** All balances together. */
  sum(): MicroMolt {
    return sumOf(this.#ledger)
  }

  /** What is set aside for agreements. */
  held(): MicroMolt {
    return [...this.#ledger].reduce((sum, [name, { balance }]) => (isHoldAccount(name) ? sum + balance : sum), 0n)
  }

  /** Whether it was paid. */
  pay(from: NodeId, to: string, amount: MicroMolt, now: Instant): boolean {
    const { sequence, head } = accountIn(this.#ledger, from)
    const spend: Spend = { account: from, sequence: sequence + 1, previous: head, outputs: [{ to, amount }] }
    const said = { kind: 'spend', network: this.network.id, value: spend } as const
    return this.#settle({ spend, right: { type: 'owner', signature: sign(this.#init.signerOf(from), said) } }, now)
  }

  /** What is set aside for an agreement, once: the same again changes nothing. */
  hold(agreement: Agreement, now: Instant): boolean {
    const { buyer, hold } = agreement.terms
    if (this.isHeld(agreement) || this.outcomes.has(agreementId(agreement))) return true
    return this.pay(buyer, holdAccount(agreement), hold, now)
  }

  isHeld(agreement: Agreement): boolean {
    return this.balance(holdAccount(agreement)) >= agreement.terms.hold
  }

  /** How it was closed, now or before; null when the witness does not agree. */
  close(agreement: Agreement, closing: Closing, now: Instant): Outcome | null {
    const id = agreementId(agreement)
    const known = this.outcomes.get(id)
    if (known !== undefined) return known
    const account = holdAccount(agreement)
    const { sequence, head, balance: held } = accountIn(this.#ledger, account)
    const outputs = payouts(agreement, this.network, { held, paid: paidBy(closing) })
    const spend: Spend = { account, sequence: sequence + 1, previous: head, outputs }
    if (!this.#settle({ spend, right: { type: 'closing', agreement, closing } }, now)) return null
    const outcome = { how: closing.how, paid: paidBy(closing) }
    this.outcomes.set(id, outcome)
    this.deals.push(dealOf(agreement, outcome, { network: this.network, closedAt: now }))
    return outcome
  }

  #settle(order: Order, now: Instant): boolean {
    const { witness, verifier } = this.#init
    const rules = { network: this.network, verifier, now }
    if (nextProblem(this.#ledger, order, rules) !== null) {
      this.refusals += 1
      return false
    }
    const phase = finalPhase(order.spend.account)
    const said = { kind: 'vote', network: this.network.id, value: voteText(order, phase, 0) } as const
    const votes = [{ witness: witness.id, signature: sign(witness, said) }]
    const outcome = settle(this.#ledger, { order, phase, round: 0, votes }, rules)
    if (outcome.ok) this.#ledger = outcome.value
    return outcome.ok
  }
}
