/** What a party keeps of an agreement so that it can tell others of it: who has made it, signed by both, and how it ended here. */
import { z } from 'zod'
import { canonicalJson } from '../../lib/canonical-json.ts'
import type { NodeId } from '../../model/ids.ts'
import { Agreement, type Hash, Signature } from '../../model/molt-agreement.ts'
import type { Closing } from '../../model/molt-line.ts'
import { minute, type Instant, type Millis } from '../../model/time.ts'
import { agreementId } from '../molt/agreement.ts'
import { paidBy } from '../molt/closing.ts'
import { remembered, type Role } from '../molt/market/reputation.ts'
import { partiesOf, type SignedParties } from './parties.ts'
import type { RatingPayload } from './rules/agreement.ts'

const instant = z.int().min(0)

export const Deed = z.strictObject({
  agreement: Agreement,
  /** Under who has made it: see SignedParties. */
  byBuyer: Signature,
  byProvider: Signature,
  /** When it was agreed on. */
  at: instant,
  /** When it was heard of that it is closed, and why the lease had ended, in this party's own words. */
  ended: z.strictObject({ at: instant, why: z.string().max(64).nullable() }).nullable(),
})
export type Deed = z.infer<typeof Deed>

export const deedText = (deed: Deed): string => canonicalJson(deed)
/** Throws for what is none. */
export const deedFrom = (text: string): Deed => Deed.parse(JSON.parse(text))

export const newDeed = (agreement: Agreement, { byBuyer, byProvider }: SignedParties, at: Instant): Deed => ({
  ...{ agreement, byBuyer, byProvider, at, ended: null },
})

export const signedPartiesOf = ({ agreement, byBuyer, byProvider }: Deed): SignedParties => ({
  ...{ parties: partiesOf(agreement), byBuyer, byProvider },
})

/** As what a party has made it; null for anybody else. */
export const roleIn = ({ terms }: Pick<Agreement, 'terms'>, who: NodeId): Role | null =>
  who === terms.buyer ? 'buyer' : who === terms.provider ? 'provider' : null

export type Opinion = Pick<RatingPayload, 'outcome' | 'rating'>

/** What was the provider's doing, and no part of what was agreed on. */
const providersFault: readonly string[] = ['stopped', 'silent', 'forked', 'not-started']
/** What the buyer could do without, and is nobody's doing, or what the provider may do. */
const unlucky: readonly string[] = ['reclaimed', 'failed', 'let-go']

/** What a party thinks of the other, by how it was closed and why it had ended; null where that says nothing of it. */
export function opinionOf(rater: Role, closing: Closing, why: string | null): Opinion | null {
  if (closing.how === 'judged') return { outcome: 'disputed', rating: 3 }
  const isFree = paidBy(closing) === 0n
  if (rater === 'provider') {
    // The provider was not there: that is nobody else's fault.
    if (closing.how === 'taken-back') return null
    if (closing.how === 'claimed' || why === 'unvouched') return { outcome: 'late', rating: 2 }
    return isFree ? null : { outcome: 'paid', rating: 5 }
  }
  if (closing.how === 'taken-back' || (why !== null && providersFault.includes(why)))
    return { outcome: 'failed', rating: 1 }
  if (isFree) return null
  return { outcome: 'completed', rating: why !== null && unlucky.includes(why) ? 3 : 5 }
}

/** Whom of the two a party blames. */
export function blamesOf(self: NodeId, deed: Deed, closing: Closing): readonly Role[] {
  const role = roleIn(deed.agreement, self)
  const outcome = role === null ? null : (opinionOf(role, closing, deed.ended?.why ?? null)?.outcome ?? null)
  return outcome === 'failed' ? ['provider'] : outcome === 'late' ? ['buyer'] : []
}

/** Closings that one party tells of, so many of them with one other. */
const mostTold = 64
const mostOfPair = 4
/** Deeds that are kept, the newest. */
export const mostDeeds = 256
/** Of those that blame somebody so many more. */
const mostBlaming = 2_048
/** What nothing was set aside for by then is no agreement any more. */
export const unfundedLife: Millis = 60 * minute

const otherIn = ({ agreement: { terms } }: Deed, self: NodeId): NodeId =>
  terms.buyer === self ? terms.provider : terms.buyer

/** Those of which records are kept alive: the newest, and few with the same party, as a pair counts once. */
export function toldDeeds(deeds: readonly Deed[], self: NodeId): readonly Deed[] {
  const ofPair = new Map<NodeId, number>()
  const told = newestFirst(deeds).filter((deed) => {
    const other = otherIn(deed, self)
    const count = ofPair.get(other) ?? 0
    ofPair.set(other, count + 1)
    return count < mostOfPair
  })
  return told.slice(0, mostTold)
}

const newestFirst = (deeds: readonly Deed[]): readonly Deed[] =>
  deeds.filter(({ ended }) => ended !== null).toSorted((a, b) => (b.ended?.at ?? 0) - (a.ended?.at ?? 0))

/**
 * Those beyond what is kept, the oldest of those that have ended. But what this party blames one of the two for is kept for as long as deals
 * are remembered: without its deed such a deal would be a good one, as both have signed its sum.
 */
export function outdatedDeeds(
  deeds: readonly Deed[],
  { isBlaming, now }: { readonly isBlaming: (deed: Deed) => boolean; readonly now: Instant },
): readonly Hash[] {
  const older = newestFirst(deeds).slice(mostDeeds)
  const blaming = older.filter((deed) => (deed.ended?.at ?? 0) > now - remembered && isBlaming(deed))
  const kept = new Set(blaming.slice(0, mostBlaming))
  return older.filter((deed) => !kept.has(deed)).map(({ agreement }) => agreementId(agreement))
}
