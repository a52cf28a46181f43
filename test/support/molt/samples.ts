/** A network of four witnesses, of whom one may lie, an issuer, and two who trade. */
import type { Agreement, Terms } from '../../../src/core/molt/agreement.ts'
import { agreementId } from '../../../src/core/molt/agreement.ts'
import type { Closing, SignedVoucher } from '../../../src/core/molt/closing.ts'
import { closingText } from '../../../src/core/molt/closing.ts'
import type { Ledger } from '../../../src/core/molt/ledger.ts'
import { accountIn, emptyLedger, settle } from '../../../src/core/molt/ledger.ts'
import type { Genesis } from '../../../src/core/molt/network.ts'
import { networkOf } from '../../../src/core/molt/network.ts'
import { type Kind, sign } from '../../../src/core/molt/signing.ts'
import type { Certificate, Order, Phase, Rules, Spend } from '../../../src/core/molt/spend.ts'
import { voteText } from '../../../src/core/molt/spend.ts'
import type { MicroMolt } from '../../../src/model/amount.ts'
import { nodeId } from '../../../src/model/ids.ts'
import { hour, second } from '../../../src/model/time.ts'
import { nameVerifier, signerOf } from './names.ts'

export const witnesses = ['w0', 'w1', 'w2', 'w3'].map(nodeId)
export const [mint, buyer, provider, judge] = ['mint', 'buyer', 'provider', 'judge'].map(nodeId) as [
  ReturnType<typeof nodeId>,
  ReturnType<typeof nodeId>,
  ReturnType<typeof nodeId>,
  ReturnType<typeof nodeId>,
]

export const genesis: Genesis = {
  name: 'lab',
  witnesses,
  faulty: 1,
  issuers: [{ account: mint, limit: 1_000_000n }],
  feeBps: 250,
  feeTo: nodeId('house'),
  claimTime: 24 * hour,
  createdAt: 0,
}
export const network = networkOf(genesis)
export const rulesAt = (now: number): Rules => ({ network, verifier: nameVerifier, now })

export const said = (kind: Kind, value: unknown) => ({ kind, network: network.id, value })
export const signedBy = (name: string, kind: Kind, value: unknown): string => sign(signerOf(name), said(kind, value))

/** The next line of an account that somebody has the key of. */
export function pay(
  ledger: Ledger,
  from: string,
  outputs: readonly (readonly [to: string, amount: MicroMolt])[],
): Order {
  const { sequence, head } = accountIn(ledger, from)
  const spend: Spend = {
    ...{ account: from, sequence: sequence + 1, previous: head },
    outputs: outputs.map(([to, amount]) => ({ to, amount })),
  }
  return { spend, right: { type: 'owner', signature: signedBy(from, 'spend', spend) } }
}

export const voteOf = (witness: string, order: Order, phase: Phase, round = 0) => ({
  witness: nodeId(witness),
  signature: signedBy(witness, 'vote', voteText(order, phase, round)),
})

export const certified = (order: Order, phase: Phase = 'pay', round = 0): Certificate => ({
  ...{ order, phase, round },
  votes: witnesses.slice(0, network.quorum).map((witness) => voteOf(witness, order, phase, round)),
})

/** A ledger in which this was paid, one after the other. */
export function ledgerOf(payments: readonly (readonly [from: string, to: string, amount: MicroMolt])[]): Ledger {
  let ledger = emptyLedger
  for (const [from, to, amount] of payments) {
    const outcome = settle(ledger, certified(pay(ledger, from, [[to, amount]])), rulesAt(0))
    if (!outcome.ok) throw new Error(outcome.refusal)
    ledger = outcome.value
  }
  return ledger
}

export function agreed(parts: Partial<Terms> = {}): Agreement {
  const terms: Terms = {
    ...{ network: network.id, buyer, provider, nonce: '0'.repeat(32) },
    ...{ gpus: 2, model: 'NVIDIA H100 80GB HBM3', rate: 10n, hold: 10_000n, credit: 600n },
    ...{ interval: 30 * second, reclaim: 60 * second, startsAt: 0, endsAt: 500 * second },
    ...{ arbiters: [judge], image: `sha256:${'a'.repeat(64)}`, isolation: 'gvisor' as const },
    ...parts,
  }
  return {
    terms,
    byBuyer: signedBy(terms.buyer, 'agreement', terms),
    byProvider: signedBy(terms.provider, 'agreement', terms),
  }
}

export function voucherFor(agreement: Agreement, due: MicroMolt, by: string = agreement.terms.buyer): SignedVoucher {
  const voucher = { agreement: agreementId(agreement), due, note: 'b'.repeat(64) }
  return { voucher, signature: signedBy(by, 'voucher', voucher) }
}

const closedBy = (agreement: Agreement, how: Closing['how'], paid: MicroMolt, who: string): string =>
  signedBy(who, 'closing', closingText(agreementId(agreement), how, paid))

export const closings = {
  agreed: (agreement: Agreement, paid: MicroMolt): Closing => ({
    ...{ how: 'agreed', paid },
    byBuyer: closedBy(agreement, 'agreed', paid, buyer),
    byProvider: closedBy(agreement, 'agreed', paid, provider),
  }),
  claimed: (agreement: Agreement, voucher: SignedVoucher): Closing => ({
    ...{ how: 'claimed', voucher },
    byProvider: closedBy(agreement, 'claimed', voucher.voucher.due, provider),
  }),
  takenBack: (agreement: Agreement, voucher: SignedVoucher | null = null): Closing => ({
    ...{ how: 'taken-back', voucher },
    byBuyer: closedBy(agreement, 'taken-back', voucher?.voucher.due ?? 0n, buyer),
  }),
  judged: (agreement: Agreement, paid: MicroMolt): Closing => ({
    ...{ how: 'judged', paid },
    byArbiters: agreement.terms.arbiters.map((arbiter) => closedBy(agreement, 'judged', paid, arbiter)),
  }),
}
