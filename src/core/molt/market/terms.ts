/** From a bid to the terms that both sign: the buyer makes them, and the provider makes sure that they are what it has bid. */
import { canonicalJson } from '../../../lib/canonical-json.ts'
import { sha256 } from '../../../lib/sha256.ts'
import type { MicroMolt } from '../../../model/amount.ts'
import type { Bid } from '../../../model/molt-bid.ts'
import type { Want } from '../../../model/molt-want.ts'
import type { Instant, Millis } from '../../../model/time.ts'
import { Terms } from '../agreement.ts'
import { leastPayment } from '../spend.ts'
import { mostAhead } from './dated.ts'
import { totalFor } from './decide.ts'
import { bidHash } from './rank.ts'
import { startPatience } from './record.ts'

export interface Accepting {
  /** What the buyer takes it for: each bid is taken once for it, and a crash changes nothing about that. */
  readonly job: string
  /** What is set aside: all of it, or as much as is left. */
  readonly hold: MicroMolt
  readonly at: Instant
}

export function termsOf(bid: Bid, want: Want, { job, hold, at }: Accepting): Terms {
  const { network, buyer, provider, gpus, model, rate, credit, interval, reclaim, arbiters, image, isolation } = bid
  const { data, disputeWindow } = bid
  return {
    ...{ network, buyer, provider, gpus, model, rate, hold, interval, reclaim, arbiters, image, isolation },
    ...(data !== undefined && { data }),
    ...(disputeWindow !== undefined && { disputeWindow }),
    credit: credit < hold ? credit : hold,
    nonce: sha256(`${job}\n${bidHash(bid)}`).slice(0, 32),
    startsAt: at,
    endsAt: at + Math.max(0, bid.availableAt - at) + startPatience(bid) + want.duration,
  }
}

/** Whether they can be read again once they are written: who keeps others has a record that is none. */
export const areWritable = (terms: Terms): boolean => Terms.safeParse(JSON.parse(canonicalJson(terms))).success

/** Whether a provider that has made this bid signs these terms. */
export function areTermsOf(bid: Bid, want: Want, terms: Terms, now: Instant): boolean {
  if (Math.abs(terms.startsAt - now) > mostAhead || now >= bid.validUntil) return false
  const { hold, startsAt } = terms
  if (hold > totalFor(bid.rate, want) || hold < bid.credit || hold < leastPayment) return false
  const expected = { ...termsOf(bid, want, { job: '', hold, at: startsAt }), nonce: terms.nonce }
  return canonicalJson(expected) === canonicalJson(terms)
}

/** The provider makes a note so often: the answer has the other half of the interval before the work has to pause. */
export const noteEvery = ({ interval }: Pick<Terms, 'interval'>): Millis => Math.ceil(interval / 2)
