/**
 * One line of an account: what leaves it, and to whom. Lines are numbered, and each names the one before it, so an account is a chain. A line
 * counts once a quorum of witnesses has signed it (FastPay: Baudet, Danezis, Sonnino, 2020): two that contradict each other cannot both get
 * one, and payments of different accounts need no common order.
 */
import type { MicroMolt } from '../../model/amount.ts'
import { largestAmount, moltInWords } from '../../model/amount.ts'
import { nodeId } from '../../model/ids.ts'
import type { Certificate, Order, Phase, Spend, Vote } from '../../model/molt-line.ts'
import { accountName, mostOutputs } from '../../model/molt-line.ts'
import type { Instant } from '../../model/time.ts'
import type { Verifier } from '../../ports/signer.ts'
import { holdAccount, isHoldAccount } from './agreement.ts'
import type { Output } from './closing.ts'
import { type Closing, closingProblem, paidBy, payouts } from './closing.ts'
import type { Network } from './network.ts'
import { hashOf, type Hash, isSignedBy } from './signing.ts'

export type { Certificate, Order, Phase, Spend, Vote }

/** What the first line of an account names as the one before it. */
export const originOf = (account: string): Hash => hashOf('spend', { origin: account })

export const spendHash = (spend: Spend): Hash => hashOf('spend', spend)
export const totalOf = ({ outputs }: Pick<Spend, 'outputs'>): MicroMolt =>
  outputs.reduce((sum, { amount }) => sum + amount, 0n)

/** What a witness signs: that in this round it is for this line, and for no other with its number. */
export const voteText = ({ spend }: Order, phase: Phase, round: number) => ({
  ...{ account: spend.account, sequence: spend.sequence, hash: spendHash(spend) },
  ...{ phase, round },
})

export interface Rules {
  readonly network: Network
  readonly verifier: Verifier
  readonly now: Instant
}

export type SpendProblem = 'malformed' | 'signature' | 'agreement' | 'too-early' | 'too-much'

/** Why a line may not be, whatever else is known of its account; null when it may. */
export function spendProblem({ spend, right }: Order, rules: Rules): SpendProblem | null {
  if (!isWellFormed(spend) || (right.type === 'closing') !== isHoldAccount(spend.account)) return 'malformed'
  if (right.type === 'owner') {
    const said = { kind: 'spend', network: rules.network.id, value: spend } as const
    return isSignedBy(rules.verifier, nodeId(spend.account), said, right.signature) ? null : 'signature'
  }
  const { agreement, closing } = right
  if (holdAccount(agreement) !== spend.account) return 'agreement'
  // What comes after it was closed can only have been sent by mistake, and goes back.
  if (spend.sequence > 1) return isAllTo(spend, agreement.terms.buyer) ? null : 'malformed'
  const problem = closingProblem(agreement, closing, rules)
  if (problem !== null) return problem
  const held = totalOf(spend)
  // A provider that began although less was set aside than agreed gets what there is.
  const due = paidBy(closing)
  const paid = due > held ? held : due
  return isSame(spend.outputs, payouts(agreement, rules.network, { held, paid })) ? null : 'malformed'
}

const isAllTo = ({ outputs }: Spend, account: string): boolean => outputs.length === 1 && outputs[0]?.to === account

const isSame = (one: readonly Output[], other: readonly Output[]): boolean =>
  one.length === other.length && one.every(({ to, amount }, i) => to === other[i]?.to && amount === other[i].amount)

/** An account comes into being by being paid, and each line is kept for ever: what an owner pays to somebody is at least so much. */
export const leastPayment: MicroMolt = 1_000n

export const paysTooLittle = ({ outputs }: Pick<Spend, 'outputs'>, least: MicroMolt): boolean =>
  outputs.some(({ amount }) => amount < least)

/** Why no witness would ever be for a line of an owner that pays this; null when it may be. */
export function paymentProblem(
  { account, outputs }: Pick<Spend, 'account' | 'outputs'>,
  least: MicroMolt,
): string | null {
  if (outputs.length === 0 || outputs.length > mostOutputs) return `it pays to ${outputs.length} accounts`
  if (outputs.some(({ to }) => to === account)) return 'it pays to the account that it comes from'
  if (outputs.some(({ to }) => !accountName.safeParse(to).success)) return 'it pays to what is no account'
  if (paysTooLittle({ outputs }, least)) return `it pays less than ${moltInWords(least)} to somebody`
  return isWellFormed({ account, sequence: 1, outputs }) ? null : 'it pays more than there can be'
}

function isWellFormed(spend: Pick<Spend, 'account' | 'sequence' | 'outputs'>): boolean {
  const { account, sequence, outputs } = spend
  const amounts = outputs.every(
    ({ to, amount }) => amount > 0n && amount <= largestAmount && to !== account && to !== '',
  )
  return (
    Number.isSafeInteger(sequence) &&
    sequence >= 1 &&
    outputs.length >= 1 &&
    outputs.length <= mostOutputs &&
    amounts &&
    totalOf(spend) <= largestAmount
  )
}

/** How a line has closed an agreement, and what its provider was paid, before the fee: what was due, as far as it was there. Null for any other line. */
export function closedAt({ spend, right }: Order): { readonly how: Closing['how']; readonly paid: MicroMolt } | null {
  if (right.type !== 'closing') return null
  const [due, held] = [paidBy(right.closing), totalOf(spend)]
  return { how: right.closing.how, paid: due < held ? due : held }
}

/** Whether a quorum of different witnesses has signed it. */
export const isCertified = ({ order, phase, round, votes }: Certificate, rules: Omit<Rules, 'now'>): boolean =>
  isVoted(voteText(order, phase, round), votes, rules)

/** The same for whoever knows of the line no more than what is signed. */
export const isVoted = (...[text, votes, rules]: Parameters<typeof validVotes>): boolean =>
  validVotes(text, votes, rules).length >= rules.network.quorum

/** Of different witnesses, a quorum of them at most. Each gets one try, so that nobody can have more checked than there are witnesses. */
function validVotes(
  text: ReturnType<typeof voteText>,
  votes: readonly Vote[],
  { network, verifier }: Omit<Rules, 'now'>,
): readonly Vote[] {
  if (votes.length > network.witnesses.size) return []
  const said = { kind: 'vote', network: network.id, value: text } as const
  const heard = new Set<string>()
  const valid: Vote[] = []
  for (const vote of votes) {
    if (valid.length >= network.quorum) break
    if (heard.has(vote.witness) || !network.witnesses.has(vote.witness)) continue
    heard.add(vote.witness)
    if (isSignedBy(verifier, vote.witness, said, vote.signature)) valid.push(vote)
  }
  return valid
}

/** A certified line with no more votes than it takes, as it is kept: votes beside them are nobody's word. */
export function trimmed(line: Certificate, rules: Omit<Rules, 'now'>): Certificate {
  const { order, phase, round, votes } = line
  // All of them are good then, as it is certified.
  if (votes.length <= rules.network.quorum) return { order, phase, round, votes: [...votes] }
  return { order, phase, round, votes: [...validVotes(voteText(order, phase, round), votes, rules)] }
}

/** When a line is final the witnesses have looked at their clocks: afterwards nothing is too early. */
const afterwards = Number.MAX_SAFE_INTEGER

/** Why what stands beside the votes of a line is not true, such as its right, which no witness signs; null when it is. */
export const finalProblem = (order: Order, rules: Omit<Rules, 'now'>): SpendProblem | null =>
  spendProblem(order, { ...rules, now: afterwards })

/** The phase whose quorum makes a line of that account final. */
export const finalPhase = (account: string): Phase => (isHoldAccount(account) ? 'commit' : 'pay')
