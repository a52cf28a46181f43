/**
 * Agreements of strangers, as the witnesses have them. The line that closed the account of an agreement shows who has made it, how it was
 * closed, and what of it was really there; what its parties say of it is believed in nothing.
 */
import { agreementId } from '../../../core/molt/agreement.ts'
import { type Deal, dealOf } from '../../../core/molt/market/reputation.ts'
import { closedAt } from '../../../core/molt/spend.ts'
import { closeHash } from '../../../core/records/rules/agreement.ts'
import { Recent } from '../../../lib/recent.ts'
import { isClawError } from '../../../model/failure.ts'
import type { NodeId } from '../../../model/ids.ts'
import type { Hash } from '../../../model/molt-agreement.ts'
import type { Certificate } from '../../../model/molt-line.ts'
import { minute, type Millis } from '../../../model/time.ts'
import { type LinesRequest, mostLines, readAccount, readLines } from '../../../wire/molt-witness.ts'
import { readAnyAccount, type ReadingDeps } from '../reading.ts'
import { chainAt, isFinal } from '../teach.ts'

const holdPrefix = 'agr-'

export interface Closed {
  readonly agreement: Hash
  readonly deal: Deal
  /** Of its closing: what a rating has to name. */
  readonly close: Hash
}

/** What is closed stays as it is. */
const mostClosed = 8_192
/** What was not closed is looked at again after so long. */
const openFor: Millis = 10 * minute
/** Lines of an account of each kind that are looked at: its last ones, which come in pages. */
const mostLooked = 64

export class DealReader {
  readonly #deps: ReadingDeps
  readonly #closed = new Recent<Hash, Closed>(mostClosed)
  /** Agreements that were open, and when they were looked at, on the steady clock. */
  readonly #open = new Recent<Hash, Millis>(mostClosed)

  constructor(deps: ReadingDeps) {
    this.#deps = deps
  }

  /** Null for what is not closed, or was never funded. Throws NO_QUORUM, and the signal's reason. */
  async closed(agreement: Hash, signal: AbortSignal): Promise<Closed | null> {
    const known = this.#closed.get(agreement)
    if (known !== undefined) return known
    const { clock } = this.#deps
    if (clock.elapsed() - (this.#open.get(agreement) ?? -Infinity) < openFor) return null
    const line = await this.#closingLine(`${holdPrefix}${agreement}`, signal)
    return (line === null ? null : this.#take(line)) ?? this.#note(agreement)
  }

  /**
   * Agreements that the last lines of an account tell of: what it has set aside, and what it was paid. An owner cannot keep them back, as each of
   * more witnesses than may lie is asked. Throws the signal's reason; a witness that does not answer tells of none.
   */
  async agreementsOf(account: NodeId, signal: AbortSignal): Promise<readonly Hash[]> {
    const { network, random } = this.#deps
    const lots = [...network.witnesses].map((witness) => ({ witness, lot: random.next() }))
    const asked = lots.toSorted((a, b) => a.lot - b.lot).slice(0, network.faulty + 1)
    const told = await Promise.all(asked.map(({ witness }) => this.#toldBy(witness, account, signal)))
    signal.throwIfAborted()
    const lines = told.flat().filter((line) => isFinal(line, this.#deps))
    const ids = lines.flatMap((line) => {
      const { spend } = line.order
      if (spend.account !== account) return this.#take(line)?.agreement ?? []
      return spend.outputs.flatMap(({ to }) => (to.startsWith(holdPrefix) ? to.slice(holdPrefix.length) : []))
    })
    return [...new Set(ids)]
  }

  async #closingLine(account: string, signal: AbortSignal): Promise<Certificate | null> {
    const { last, sequence } = await readAnyAccount(this.#deps, account, signal)
    if (sequence <= 1) return last
    for (const witness of this.#deps.network.witnesses) {
      const [first] = await chainAt(this.#deps, witness, { account, from: 1, to: 1 }, signal)
      if (first !== undefined) return first
    }
    return null
  }

  async #toldBy(witness: NodeId, account: NodeId, signal: AbortSignal): Promise<readonly Certificate[]> {
    try {
      const { sequence, received } = await this.#deps.rpc.call(witness, readAccount, { account }, signal)
      const last = (which: LinesRequest['which'], count: number): Promise<readonly Certificate[]> =>
        this.#lastLines(witness, { account, which, count }, signal)
      return (await Promise.all([last('received', received.count), last('sent', sequence)])).flat()
    } catch (error) {
      if (!isClawError(error) && !signal.aborted) throw error
      return []
    }
  }

  /** The newest first, page after page; of a witness that answers no more, those that it has told. */
  async #lastLines(
    witness: NodeId,
    { account, which, count }: Omit<LinesRequest, 'from'> & { readonly count: number },
    signal: AbortSignal,
  ): Promise<readonly Certificate[]> {
    const found: Certificate[] = []
    const first = Math.max(1, count - mostLooked + 1)
    try {
      for (let to = count; to >= first; to -= mostLines) {
        const from = Math.max(first, to - mostLines + 1)
        const { lines } = await this.#deps.rpc.call(witness, readLines, { account, which, from }, signal)
        found.push(...lines.slice(0, to - from + 1).toReversed())
      }
    } catch (error) {
      if (!isClawError(error) && !signal.aborted) throw error
    }
    return found
  }

  /** A line that is final. Null where it closes nothing. */
  #take({ order }: Certificate): Closed | null {
    const { right, spend } = order
    const outcome = closedAt(order)
    if (right.type !== 'closing' || outcome === null || spend.sequence !== 1) return null
    const { network, clock } = this.#deps
    const agreement = agreementId(right.agreement)
    // When it was to end both have signed beforehand; when it was closed nobody has.
    const closed = Math.min(right.agreement.terms.endsAt, clock.now())
    const deal = dealOf(right.agreement, outcome, { network, closedAt: closed })
    const found = { agreement, deal, close: closeHash(right.closing) }
    this.#closed.keep(agreement, found)
    return found
  }

  #note(agreement: Hash): null {
    this.#open.keep(agreement, this.#deps.clock.elapsed())
    return null
  }
}
