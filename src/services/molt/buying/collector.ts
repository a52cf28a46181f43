/** Asks those for bids whose offers fit: all at once, and until the deadline of the want. */
import type { Round } from '../../../core/molt/market/job.ts'
import type { BidProblem, Known, OfferProblem } from '../../../core/molt/market/match.ts'
import { bidProblem, offerProblem } from '../../../core/molt/market/match.ts'
import type { Ranked } from '../../../core/molt/market/rank.ts'
import { rank } from '../../../core/molt/market/rank.ts'
import { isClawError } from '../../../model/failure.ts'
import type { NodeId } from '../../../model/ids.ts'
import type { DeclineReason, SignedBid } from '../../../model/molt-bid.ts'
import { isAsSure } from '../../../model/molt-hardware.ts'
import type { Offer } from '../../../model/molt-offer.ts'
import type { Want } from '../../../model/molt-want.ts'
import type { Instant } from '../../../model/time.ts'
import { second } from '../../../model/time.ts'
import type { Clock } from '../../../ports/clock.ts'
import type { Random } from '../../../ports/random.ts'
import type { Rpc } from '../../../ports/rpc.ts'
import type { Verifier } from '../../../ports/signer.ts'
import { askBid } from '../../../wire/molt-lease.ts'

/** Where offers are found. They are what strangers say. */
export interface OfferFinder {
  find(want: Want, signal: AbortSignal): Promise<readonly Offer[]>
}

export interface CollectorDeps {
  readonly rpc: Pick<Rpc, 'call'>
  readonly verifier: Verifier
  readonly clock: Clock
  readonly finder: OfferFinder
  /** What this buyer knows of a provider. */
  readonly knownOf: (provider: NodeId) => Known
  /** Finds out what others have closed with it; returns after a moment, however it goes. */
  readonly learn: (provider: NodeId, signal: AbortSignal) => Promise<void>
  readonly random: Random
}

/** So many providers are asked in a round. */
const mostAsked = 12
/** So many of them for what is known of them, and so many for what they ask; the rest by lot. Offers bind nobody, so whoever says to ask for least must not be all that is asked. */
const shares = { known: 4, cheapest: 4 } as const
/** So long one provider is waited for, and no longer than the want says. */
const patience = 10 * second

export interface Collected {
  readonly ranked: readonly Ranked[]
  readonly told: Omit<Round, 'round'>
  /** All that fit at a glance. */
  readonly offers: readonly Offer[]
  /** Those who did not answer. */
  readonly silent: readonly NodeId[]
}

interface Asking {
  readonly want: Want
  /** Not these. */
  readonly except: ReadonlySet<string>
  /** Nobody but him; null or left out for all. */
  readonly only?: NodeId | null
}

/** Returns once all have answered, or at the deadline. Throws the signal's reason. */
export async function collectBids(
  deps: CollectorDeps,
  { want, except, only = null }: Asking,
  signal: AbortSignal,
): Promise<Collected> {
  const { clock, finder, knownOf } = deps
  const late = new AbortController()
  const over = clock.after(Math.max(0, want.deadline - clock.now()), () =>
    late.abort(new Error('it is too late for bids')),
  )
  const until = AbortSignal.any([signal, late.signal])
  const reasons: Record<string, number> = {}
  const note = (reason: RoundReason): null => {
    reasons[reason] = (reasons[reason] ?? 0) + 1
    return null
  }
  try {
    const found = await orLate(finder.find(want, until), late.signal, [])
    let own = 0
    const offers = found.filter((offer) => {
      if (only !== null && only !== offer.provider) return false
      const problem = unasked(offer, { want, except, known: knownOf(offer.provider), now: clock.now() })
      if (problem === 'own') own += 1
      else if (problem !== null) note(problem)
      return problem === null
    })
    // Its own offers are nothing that a buyer looks for: they are told of only where there are no others.
    if (own > 0 && offers.length === 0 && Object.keys(reasons).length === 0) reasons['own'] = own
    const asked = chosen(deps, offers, want.preferred)
    const answers = await Promise.all(asked.map((provider) => bidOf(deps, { want, provider, note }, until)))
    signal.throwIfAborted()
    const bids = answers.filter((bid) => bid !== null && bid !== 'silent')
    return {
      ranked: rank(bids, want, { knownOf: ({ provider }) => knownOf(provider), now: clock.now() }),
      told: { offers: offers.length, asked: asked.length, bids: bids.length, reasons },
      offers,
      silent: asked.filter((_, i) => answers[i] === 'silent'),
    }
  } finally {
    over()
  }
}

/** Why there were no more bids: what offers, bids and declines say, and what this buyer knows. `standing`: of the provider; `reputation` is the buyer's. */
export type RoundReason =
  (OfferProblem | Exclude<BidProblem, 'reputation'> | DeclineReason) | ('tried' | 'standing' | 'no answer')

interface Sifting {
  readonly want: Want
  readonly except: ReadonlySet<string>
  readonly known: Known
  readonly now: Instant
}

function unasked(offer: Offer, { want, except, known, now }: Sifting): RoundReason | null {
  const problem = offerProblem(offer, want, now)
  if (problem !== null) return problem
  if (except.has(offer.provider)) return 'tried'
  return isAsSure(known.verification, want.minVerification) ? null : 'verification'
}

/** Those whom the buyer prefers, some who have kept their word, some of the cheapest, and others. */
function chosen(
  { knownOf, random }: Pick<CollectorDeps, 'knownOf' | 'random'>,
  offers: readonly Offer[],
  preferred: readonly string[],
): readonly NodeId[] {
  const byRate = offers.toSorted(
    (a, b) => (a.rate < b.rate ? -1 : a.rate > b.rate ? 1 : 0) || (a.provider < b.provider ? -1 : 1),
  )
  const all = [...new Set(byRate.map(({ provider }) => provider))]
  const lots = new Map(all.map((provider) => [provider, random.next()]))
  const known = all.filter((provider) => knownOf(provider).score !== null)
  return [
    ...new Set([
      ...all.filter((provider) => preferred.includes(provider)),
      ...known.slice(0, shares.known),
      ...all.slice(0, shares.cheapest),
      ...all.toSorted((a, b) => (lots.get(a) ?? 0) - (lots.get(b) ?? 0)),
    ]),
  ].slice(0, mostAsked)
}

interface Calling {
  readonly want: Want
  readonly provider: NodeId
  readonly note: (reason: RoundReason) => null
}

/** Null for one that cannot be taken, or for a no. */
async function bidOf(
  { rpc, verifier, clock, knownOf, learn }: CollectorDeps,
  { want, provider, note }: Calling,
  until: AbortSignal,
): Promise<SignedBid | 'silent' | null> {
  const slow = new AbortController()
  const cancel = clock.after(patience, () => slow.abort(new Error('it took too long')))
  try {
    const asking = AbortSignal.any([until, slow.signal])
    const [answer] = await Promise.all([rpc.call(provider, askBid, { want }, asking), learn(provider, asking)])
    if (answer.type === 'decline') return note(answer.decline.reason)
    const { signed } = answer
    if (signed.bid.provider !== provider) return note('signature')
    const problem = bidProblem(signed, want, { known: knownOf(provider), verifier, now: clock.now() })
    if (problem === null) return signed
    return note(problem === 'reputation' ? 'standing' : problem)
  } catch (error) {
    if (!until.aborted && !slow.signal.aborted && !isClawError(error)) throw error
    note('no answer')
    return 'silent'
  } finally {
    cancel()
  }
}

async function orLate<T>(work: Promise<T>, late: AbortSignal, otherwise: T): Promise<T> {
  try {
    return await work
  } catch (error) {
    if (late.aborted) return otherwise
    throw error
  }
}
