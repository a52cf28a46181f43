/**
 * What is known of a party, from agreements that were closed. Making a party look good has to cost more than it is worth, so a deal among
 * strangers counts for the fees that were paid for it, which nobody gets back, and all deals of one pair together for one at most. What
 * the one who asks has seen itself, and deals of those with whom it has closed well, count in full. Of whom nothing is known nothing is
 * said: null is neither good nor bad.
 */
import type { MicroMolt } from '../../../model/amount.ts'
import type { NodeId } from '../../../model/ids.ts'
import type { Instant, Millis } from '../../../model/time.ts'
import { day } from '../../../model/time.ts'
import type { Agreement } from '../agreement.ts'
import type { Closing } from '../closing.ts'
import type { Network } from '../network.ts'
import { feeOf } from '../network.ts'

/** An agreement that is closed, by what is said in its own signed closing. */
export interface Deal {
  readonly buyer: NodeId
  readonly provider: NodeId
  readonly how: Closing['how']
  readonly paid: MicroMolt
  /** Gone for good from both. */
  readonly fee: MicroMolt
  /** Of whom the other has said that it failed, though both have signed the sum. */
  readonly blamed?: readonly Role[]
  readonly closedAt: Instant
}

/** Of an agreement, and what the line of its account has closed it at: see closedAt. A closing alone may name more than there ever was. */
export function dealOf(
  { terms: { buyer, provider } }: Agreement,
  { how, paid }: Pick<Deal, 'how' | 'paid'>,
  { network, closedAt }: { readonly network: Pick<Network, 'feeBps' | 'feeTo'>; readonly closedAt: Instant },
): Deal {
  // Whoever gets the fees pays himself.
  const isLost = network.feeTo !== null && network.feeTo !== buyer && network.feeTo !== provider
  const fee = isLost ? feeOf(network, paid) : 0n
  return { buyer, provider, how, paid, fee, closedAt }
}

export interface Standing {
  /** Of 100; null when nothing is known. */
  readonly score: number | null
  /** It has signed two things that contradict each other: nobody deals with it any more. */
  readonly isClosedOut: boolean
}

export const unknown: Standing = { score: null, isClosedOut: false }

export interface Evidence {
  readonly deals: readonly Deal[]
  /** Who asks: its own deals need no proof. */
  readonly self: NodeId
  /** Those of whom a proof of equivocation is known. */
  readonly closedOut: Pick<ReadonlySet<NodeId>, 'has'>
  readonly now: Instant
}

/** Fees that a pair of strangers has to have paid to count in full: 0.1 MOLT. */
export const fullFee: MicroMolt = 100_000n
/** Older deals say nothing. */
export const remembered: Millis = 180 * day
/** A deal in full. */
const whole = 1_000n

export type Role = 'buyer' | 'provider'

/** What a standing follows from. */
export interface Marks extends Standing {
  /** Those that count, as they are not too old. */
  readonly deals: readonly Deal[]
  /** Good deals and bad ones, as they count: in thousandths of a whole one. */
  readonly good: bigint
  readonly bad: bigint
}

/** What the evidence says, for any party: made once, asked often. */
export function standingsOf(evidence: Evidence): (who: NodeId, role: Role) => Standing {
  const marks = marksOf(evidence)
  return (who, role) => {
    const { score, isClosedOut } = marks(who, role)
    return { score, isClosedOut }
  }
}

/** The same, with what it follows from. */
export function marksOf(evidence: Evidence): (who: NodeId, role: Role) => Marks {
  const { self, closedOut, now } = evidence
  const deals = evidence.deals.filter(({ closedAt }) => closedAt > now - remembered && closedAt <= now)
  const known = partnersOf(deals, self)
  const byRole = {
    buyer: Map.groupBy(deals, ({ buyer }) => buyer),
    provider: Map.groupBy(deals, ({ provider }) => provider),
  }
  return (who, role) => {
    const own = byRole[role].get(who) ?? []
    const weights = weigh(own, role, (other) => other === self || known.has(other))
    const { good, bad } = weights
    return { good, bad, score: scoreOf(weights), deals: own, isClosedOut: closedOut.has(who) }
  }
}

/** Those with whom it has closed well itself, for more than nothing. */
const partnersOf = (deals: readonly Deal[], self: NodeId): ReadonlySet<NodeId> =>
  new Set(
    deals.flatMap((deal) => {
      const { buyer, provider } = deal
      if (!isGood(deal)) return []
      if (buyer === self) return isBlamed(deal, 'provider') ? [] : [provider]
      return provider === self && !isBlamed(deal, 'buyer') ? [buyer] : []
    }),
  )

interface Weights extends Pick<Marks, 'good' | 'bad'> {
  /** Something bad of it is in nobody's word only: an account was closed so. */
  readonly isShown: boolean
}

function weigh(deals: readonly Deal[], role: Role, isKnown: (other: NodeId) => boolean): Weights {
  const pairs = Map.groupBy(deals, (deal) => (role === 'buyer' ? deal.provider : deal.buyer))
  let [good, bad, isShown] = [0n, 0n, false]
  for (const [other, pair] of pairs) {
    const full = isKnown(other)
    const ofBoth = pair.filter((deal) => isGood(deal))
    const blamed = pair.filter((deal) => isBlamed(deal, role))
    good += weightOf(
      ofBoth.filter((deal) => !isBlamed(deal, role)),
      full,
    )
    const isLeft = pair.some((deal) => isBad(deal, role))
    // Blame costs whoever says it the same fees as praise.
    bad += isLeft ? (full ? whole : whole / 2n) : weightOf(blamed, full)
    isShown ||= isLeft
  }
  return { good, bad, isShown }
}

function scoreOf({ good, bad, isShown }: Weights): number | null {
  // Strangers' word that costs less than one good deal says nothing yet, of praise or of blame: nobody stands worse by it than without any.
  if (!isShown && good + bad < whole) return null
  return Number((100n * good) / (good + bad + whole))
}

/** One pair counts for one deal at most, however often it trades. */
function weightOf(good: readonly Deal[], isKnown: boolean): bigint {
  if (good.length === 0) return 0n
  if (isKnown) return whole
  const fees = good.reduce((sum, { fee }) => sum + fee, 0n)
  return fees >= fullFee ? whole : (fees * whole) / fullFee
}

const isBlamed = ({ how, blamed = [] }: Deal, role: Role): boolean => how === 'agreed' && blamed.includes(role)

/** Both have signed the sum. */
const isGood = ({ how, paid }: Deal): boolean => how === 'agreed' && paid > 0n

/**
 * A buyer that leaves its provider to claim has not closed; a provider whose buyer had to take its credit back has not either. The second
 * only a provider itself can bring about. The first a provider can, once for each buyer that trusts it with a lease, and it gains no good
 * mark from it. Judgements say what was due, not who was wrong.
 */
const isBad = ({ how }: Deal, role: Role): boolean => (role === 'buyer' ? how === 'claimed' : how === 'taken-back')
