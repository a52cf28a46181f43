/** Bids that somebody looks at before work is submitted: the GPUs are held for these, so that the job takes the same ones. */
import { type Job, jobStep } from '../../../core/molt/market/job.ts'
import { canonicalJson } from '../../../lib/canonical-json.ts'
import { ClawError } from '../../../model/failure.ts'
import type { Want } from '../../../model/molt-want.ts'
import type { Instant } from '../../../model/time.ts'
import type { Collected } from './collector.ts'

export interface Quote extends Collected {
  readonly id: string
  readonly want: Want
}

/** Of more the oldest are forgotten: a job that names one of those is refused. */
const mostQuotes = 32

export class Quotes {
  readonly #quotes = new Map<string, Quote>()

  /** One without bids is nothing that a job could take, and must not push out one that somebody looks at. */
  keep(quote: Quote): void {
    if (quote.ranked.length === 0) return
    this.#quotes.set(quote.id, quote)
    const [oldest] = this.#quotes.keys()
    if (this.#quotes.size > mostQuotes && oldest !== undefined) this.#quotes.delete(oldest)
  }

  /** Once, for just what was asked for, and while there are bids in it that hold. Throws MOLT_QUOTE_GONE otherwise. */
  take(id: string, wanted: Want, now: Instant): Quote {
    const quote = this.#quotes.get(id)
    this.#quotes.delete(id)
    const isHeld = quote?.ranked.some(({ signed: { bid } }) => now < bid.validUntil) ?? false
    if (quote === undefined || !isHeld || wishIn(quote.want) !== wishIn(wanted))
      throw new ClawError('MOLT_QUOTE_GONE', { quote: id })
    return quote
  }
}

/** What is the same each time that it is asked for. */
const wishIn = (want: Want): string => canonicalJson({ ...want, nonce: '', issuedAt: 0, deadline: 0 })

/** The first round is behind it. */
export function withBids(job: Job, { want, ranked, told }: Quote, at: Instant): Job {
  return { ...jobStep(job, { type: 'bids', round: 1, want, ranked }, at), round: { ...told, round: 1 } }
}
