/**
 * What this node knows of the parties of its network: from its own books, and of strangers from agreements that they have closed with others.
 * What is known is at hand at once; a stranger is looked up when it comes, for a moment and no longer, and not more often than it can change.
 */
import {
  type Deal,
  type Evidence,
  type Marks,
  marksOf,
  type Role,
  type Standing,
} from '../../../core/molt/market/reputation.ts'
import { ownDeals } from '../../../core/molt/own-deals.ts'
import { type ClosePayload, ratingId, type RatingPayload } from '../../../core/records/rules/agreement.ts'
import type { Judged } from '../../../core/records/validate.ts'
import { Recent } from '../../../lib/recent.ts'
import { isClawError } from '../../../model/failure.ts'
import type { NodeId } from '../../../model/ids.ts'
import type { Hash } from '../../../model/molt-agreement.ts'
import { minute, type Millis, second } from '../../../model/time.ts'
import type { Log } from '../../../ports/log.ts'
import type { Unsubscribe } from '../../../ports/rpc.ts'
import type { Service } from '../../../ports/service.ts'
import type { RecordStore } from '../../records/record-store.ts'
import { within } from '../../records/within.ts'
import type { Bank } from '../bank.ts'
import type { ReadingDeps } from '../reading.ts'
import { type Closed, DealReader } from './deal-reader.ts'
import { HeardDeals } from './heard-deals.ts'

export interface ReputationsDeps extends ReadingDeps {
  readonly self: NodeId
  readonly bank: Pick<Bank, 'books'>
  readonly records: Pick<RecordStore, 'onSeen' | 'kept' | 'shownBy' | 'read' | 'closedOut'>
  /** Whom of the two this node blames itself. */
  readonly blames: (agreement: Hash) => readonly Role[]
  readonly log: Log
}

/** A stranger is waited for so long, who is asked about by a user somewhat longer; and what it shows itself shorter. */
const patience = { stranger: 2_500, user: 8 * second, shown: 1_500 } as const satisfies Record<string, Millis>
/** What was found is good for so long, also that nothing was. */
const freshFor: Millis = 10 * minute
/** Agreements of one party that are looked at, and of these at the same time. */
const mostDeals = 48
const atOnce = 8
/** Parties that are looked up at the same time; others that come meanwhile are unknown. */
const mostLooks = 8
/** Records of earlier lives that are looked through at the start. */
const mostKept = 2_000
/** Marks are made anew after so long, as deals grow old. */
const marksFor: Millis = 10 * second

export class Reputations implements Service {
  readonly name = 'molt-reputations'
  readonly #deps: ReputationsDeps
  readonly #reader: DealReader
  readonly #heard = new HeardDeals()
  readonly #deals = new Recent<Hash, Deal>(4_096)
  readonly #looks = new Map<NodeId, Promise<void>>()
  readonly #lookedAt = new Recent<NodeId, Millis>(4_096)
  #made: { readonly marks: ReturnType<typeof marksOf>; readonly at: Millis; readonly lines: number } | null = null
  #end = new AbortController()
  #reading: Promise<void> = Promise.resolve()
  #unsubscribe: Unsubscribe = () => {}

  constructor(deps: ReputationsDeps) {
    this.#deps = deps
    this.#reader = new DealReader(deps)
  }

  /** Once the records are there. */
  start(): Promise<void> {
    this.#end = new AbortController()
    this.#unsubscribe = this.#deps.records.onSeen((judged) => this.#hear(judged))
    this.#reading = this.#hearKept()
    return Promise.resolve()
  }

  async stop(): Promise<void> {
    this.#unsubscribe()
    this.#end.abort(new Error('the node is shutting down'))
    await this.#reading
    await Promise.all(this.#looks.values())
  }

  /** As far as it is known now: see `learn`. */
  standingOf(who: NodeId, role: Role): Standing {
    const { score, isClosedOut } = this.marks(who, role)
    return { score, isClosedOut }
  }

  /** The same, with what it follows from. */
  marks(who: NodeId, role: Role): Marks {
    const { clock, bank } = this.#deps
    const made = this.#made
    const lines = bank.books.lines.length
    if (made !== null && made.lines === lines && clock.elapsed() - made.at < marksFor) return made.marks(who, role)
    const marks = marksOf(this.#evidence())
    this.#made = { marks, at: clock.elapsed(), lines }
    return marks(who, role)
  }

  /** Those with whom this node has closed agreements itself. */
  partners(): readonly NodeId[] {
    const { self, bank, network } = this.#deps
    const deals = ownDeals(bank.books, network)
    return [...new Set(deals.map(({ buyer, provider }) => (buyer === self ? provider : buyer)))].toSorted()
  }

  /**
   * Looks up what a party has closed with others, if that was not done lately. Returns after a moment, also where not all was found: it goes on,
   * and counts the next time. Throws the signal's reason.
   */
  async learn(who: NodeId, signal: AbortSignal, { isAsked = false } = {}): Promise<void> {
    const { self, clock } = this.#deps
    const isFresh = clock.elapsed() - (this.#lookedAt.get(who) ?? -Infinity) < freshFor
    if (who === self || (isFresh && !isAsked) || this.#end.signal.aborted) return
    const limit = within(clock, isAsked ? patience.user : patience.stranger, signal)
    try {
      const looking = this.#looks.get(who) ?? this.#begin(who)
      if (looking !== null) await ended(looking, limit.signal)
    } finally {
      limit.clear()
    }
    signal.throwIfAborted()
  }

  /** Null while too many others are looked up. */
  #begin(who: NodeId): Promise<void> | null {
    if (this.#looks.size >= mostLooks) return null
    const { clock, log } = this.#deps
    const limit = within(clock, patience.user, this.#end.signal)
    const looking = this.#look(who, limit.signal)
      .then(() => void this.#lookedAt.keep(who, clock.elapsed()))
      .catch((error: unknown) => {
        if (!isClawError(error) && !limit.signal.aborted) throw error
        // Whoever lets nobody find out in time is asked about again, but not at once.
        this.#lookedAt.keep(who, clock.elapsed() - freshFor + minute)
        log.debug('not all could be found out about a party', { party: who, error })
      })
      .finally(() => {
        limit.clear()
        this.#looks.delete(who)
        this.#made = null
      })
    this.#looks.set(who, looking)
    return looking
  }

  async #look(who: NodeId, signal: AbortSignal): Promise<void> {
    const [own, shown] = await Promise.all([this.#reader.agreementsOf(who, signal), this.#shownBy(who, signal)])
    const ids = [...new Set([...own, ...this.#heard.of(who), ...shown])].slice(0, mostDeals)
    for (let at = 0; at < ids.length; at += atOnce) {
      signal.throwIfAborted()
      await Promise.all(ids.slice(at, at + atOnce).map((id) => this.#read(who, id, signal)))
    }
  }

  /** What it shows itself of what it has closed; nothing where it does not answer. */
  async #shownBy(who: NodeId, signal: AbortSignal): Promise<readonly Hash[]> {
    const limit = within(this.#deps.clock, patience.shown, signal)
    try {
      const shown = await this.#deps.records.shownBy(who, 'claw-close', limit.signal)
      return shown.flatMap((judged) => agreementIn(judged)?.parties.parties.agreement ?? [])
    } catch (error) {
      if (!isClawError(error) && !limit.signal.aborted) throw error
      return []
    } finally {
      limit.clear()
    }
  }

  async #read(who: NodeId, id: Hash, signal: AbortSignal): Promise<void> {
    const { self } = this.#deps
    const closed = await this.#reader.closed(id, signal)
    if (closed === null) return
    const { deal } = closed
    // What this node has closed itself it knows better, and what names others says nothing of whoever has shown it.
    if (deal.buyer === self || deal.provider === self || (deal.buyer !== who && deal.provider !== who)) return
    const role = deal.buyer === who ? 'buyer' : 'provider'
    const isBlamed = await this.#isBlamed(closed, role, signal)
    const others = (this.#deals.get(id)?.blamed ?? []).filter((one) => one !== role)
    this.#deals.keep(id, { ...deal, blamed: isBlamed ? [...others, role] : others })
    this.#made = null
  }

  /** What the other party says of it, where that is about this very closing. */
  async #isBlamed({ agreement, deal, close }: Closed, role: Role, signal: AbortSignal): Promise<boolean> {
    const [subject, rater] = role === 'buyer' ? [deal.buyer, deal.provider] : [deal.provider, deal.buyer]
    const name = { namespace: 'claw-rep', id: ratingId(subject, rater) } as const
    const { value } = await this.#deps.records.read(name, { signal, confirm: false })
    // It is as the rule of its namespace has read it.
    const rating = value as RatingPayload | null
    if (rating?.close !== close || rating.parties.parties.agreement !== agreement) return false
    return rating.outcome === 'failed' || rating.outcome === 'late'
  }

  #evidence(): Evidence {
    const { self, bank, network, records, clock, blames } = this.#deps
    const deals = [...ownDeals(bank.books, network, blames), ...this.#deals.values()]
    return { deals, self, closedOut: records.closedOut, now: clock.now() }
  }

  #hear(judged: Judged): void {
    const heard = agreementIn(judged)
    if (heard === null) return
    const { buyer, provider, agreement } = heard.parties.parties
    this.#heard.hear([buyer, provider], agreement)
  }

  async #hearKept(): Promise<void> {
    let count = 0
    for await (const judged of this.#deps.records.kept('claw-close')) {
      this.#hear(judged)
      count += 1
      if (count >= mostKept || this.#end.signal.aborted) return
    }
  }
}

function agreementIn({ name, value, record }: Judged): ClosePayload | null {
  return name.namespace === 'claw-close' && record.kind === 'put' ? (value as ClosePayload) : null
}

/** Returns when it has ended, or nobody waits for it any more. */
async function ended(work: Promise<void>, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const give = (): void => resolve()
  signal.addEventListener('abort', give, { once: true })
  try {
    if (!signal.aborted) await Promise.race([work, promise])
  } finally {
    signal.removeEventListener('abort', give)
  }
}
