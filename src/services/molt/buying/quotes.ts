/** Bids that somebody looks at before work is submitted: the GPUs are held for these, so that the job takes the same ones. */
import { type Job, jobStep } from '../../../core/molt/market/job.ts'
import { canonicalJson } from '../../../lib/canonical-json.ts'
import type { Want } from '../../../model/molt-want.ts'
import type { Instant } from '../../../model/time.ts'
import type { Collected } from './collector.ts'

export interface Quote extends Collected {
  readonly id: string
  readonly want: Want
}

/** Of more the oldest are forgotten. */
const mostQuotes = 32

export class Quotes {
  readonly #quotes = new Map<string, Quote>()

  keep(quote: Quote): void {
    this.#quotes.set(quote.id, quote)
    const [oldest] = this.#quotes.keys()
    if (this.#quotes.size > mostQuotes && oldest !== undefined) this.#quotes.delete(oldest)
  }

  /** Once, for just what was asked for, and while there are bids in it that hold. Null otherwise. */
  take(id: string, wanted: Want, now: Instant): Quote | null {
    const quote = this.#quotes.get(id)
    this.#quotes.delete(id)
    if (quote === undefined || wishIn(quote.want) !== wishIn(wanted)) return null
    return quote.ranked.some(({ signed: { bid } }) => now < bid.validUntil) ? quote : null
  }
}

/** What is the same each time that it is asked for. */
const wishIn = (want: Want): string => canonicalJson({ ...want, nonce: '', issuedAt: 0, deadline: 0 })

/** The first round is behind it. */
export function withBids(job: Job, { want, ranked, told }: Quote, at: Instant): Job {
  return { ...jobStep(job, { type: 'bids', round: 1, want, ranked }, at), round: { ...told, round: 1 } }
}
