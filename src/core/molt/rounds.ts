/**
 * How an agreement is closed when both parties may do it, and neither waits for the other. One round may stay without a result, when the
 * witnesses were asked for different closings at once; then anybody begins the next one. Each round has two votes: a quorum that *prepares* a
 * line shows that no other can be prepared in that round, and a quorum that *commits* it makes it final. Whoever opens a later round must
 * bring statements of a quorum, and propose the line of the latest round that any of them has seen prepared (Castro and Liskov's view
 * change, 1999, for a single slot). So a line that may be final is never replaced, whoever lies among the f witnesses that may.
 */
import type { NodeId } from '../../model/ids.ts'
import type { Grounds, Opening, Proposal, SignedStatement, Statement } from '../../model/molt-line.ts'
import { isHoldAccount } from './agreement.ts'
import type { Ledger, Outcome } from './ledger.ts'
import { accepted, accountIn, nextProblem, refused } from './ledger.ts'
import { isSignedBy } from './signing.ts'
import type { Certificate, Rules } from './spend.ts'
import { isCertified, spendHash } from './spend.ts'

export type { Grounds, Opening, Proposal, SignedStatement, Statement }

/**
 * A witness leaves all rounds before this one. The lock in it is to be shown with it. Rounds are opened one after the other, so that nobody
 * can use them up: one that is further on than the next is opened only by those who have seen the one before.
 */
export function leaveFor(
  ledger: Ledger,
  { shown, ...wanted }: Opening,
  rules: Pick<Rules, 'network' | 'verifier'>,
): Outcome<{ readonly ledger: Ledger; readonly statement: Statement; readonly lock: Certificate | null }> {
  const { account: name, sequence, round } = wanted
  if (!isHoldAccount(name) || !Number.isSafeInteger(round) || round < 1) return refused('phase')
  const account = accountIn(ledger, name)
  if (sequence <= account.sequence) return refused('behind')
  if (sequence > account.sequence + 1) return refused('ahead')
  if (round < account.round) return refused('voted')
  const isNext = round <= account.round + 1
  if (!isNext && sayers(shown, { ...wanted, round: round - 1 }, rules).size <= rules.network.faulty)
    return refused('grounds')
  const { lock } = account
  const told = lock === null ? null : { round: lock.round, hash: spendHash(lock.order.spend) }
  const voted = round === account.round ? account.voted : null
  return accepted({
    ledger: new Map(ledger).set(name, { ...account, round, voted }),
    statement: { account: name, sequence, round, lock: told },
    lock,
  })
}

/** The first vote: at most one line in each round. */
export function votePrepare(ledger: Ledger, { order, round, grounds }: Proposal, rules: Rules): Outcome<Ledger> {
  const { account: name } = order.spend
  if (!isHoldAccount(name) || !Number.isSafeInteger(round) || round < 0) return refused('phase')
  if (!isGrounded({ order, round, grounds }, rules)) return refused('grounds')
  const isPrepared = grounds !== null && grounds.lock !== null
  const problem = nextProblem(ledger, order, { ...rules, isPrepared })
  if (problem !== null) return refused(problem)
  const account = accountIn(ledger, name)
  const hash = spendHash(order.spend)
  if (round < account.round) return refused('voted')
  if (round === account.round && account.voted !== null && account.voted !== hash) return refused('voted')
  return accepted(new Map(ledger).set(name, { ...account, round, voted: hash }))
}

/** The second vote, for a line that a quorum has prepared: from now on this witness tells of it in every later round. */
export function voteCommit(ledger: Ledger, prepared: Certificate, rules: Rules): Outcome<Ledger> {
  const { order, round, phase } = prepared
  const { account: name } = order.spend
  if (!isHoldAccount(name) || phase !== 'prepare') return refused('phase')
  if (!isCertified(prepared, rules)) return refused('certificate')
  const problem = nextProblem(ledger, order, { ...rules, isPrepared: true })
  if (problem !== null) return refused(problem)
  const account = accountIn(ledger, name)
  if (round < account.round) return refused('voted')
  const voted = round === account.round ? account.voted : null
  return accepted(new Map(ledger).set(name, { ...account, round, voted, lock: prepared }))
}

/** Whether it may be proposed in that round. */
function isGrounded({ order, round, grounds }: Proposal, rules: Rules): boolean {
  if (round === 0 || grounds === null) return round === 0 && grounds === null
  const { account, sequence } = order.spend
  const said = saidOf(grounds.statements, { account, sequence, round }, rules)
  if (new Set(said.map(({ witness }) => witness)).size < rules.network.quorum) return false
  const latest = said.reduce((most, { statement }) => Math.max(most, statement.lock?.round ?? -1), -1)
  const { lock } = grounds
  if (latest < 0) return lock === null
  if (lock === null) return false
  return (
    lock.phase === 'prepare' &&
    lock.round === latest &&
    isCertified(lock, rules) &&
    spendHash(lock.order.spend) === spendHash(order.spend)
  )
}

/** What witnesses have said of exactly this round, as far as they have signed it: the first word of each, so that all of it is soon checked. */
const saidOf = (
  statements: readonly SignedStatement[],
  { account, sequence, round }: Omit<Statement, 'lock'>,
  { network, verifier }: Pick<Rules, 'network' | 'verifier'>,
): readonly SignedStatement[] => {
  const heard = new Set<NodeId>()
  return statements.filter(({ witness, statement, signature }) => {
    const isAbout = statement.account === account && statement.sequence === sequence && statement.round === round
    if (!isAbout || heard.has(witness) || !network.witnesses.has(witness)) return false
    heard.add(witness)
    return isSignedBy(verifier, witness, { kind: 'statement', network: network.id, value: statement }, signature)
  })
}

const sayers = (...said: Parameters<typeof saidOf>): ReadonlySet<NodeId> =>
  new Set(saidOf(...said).map(({ witness }) => witness))
