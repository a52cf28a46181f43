/** Keeps the books and the witnesses of one mind: each hears of the lines of the account that it lacks. */
import type { Books } from '../../core/molt/books.ts'
import { concerns, keyOf } from '../../core/molt/books.ts'
import { trimmed } from '../../core/molt/spend.ts'
import type { NodeId } from '../../model/ids.ts'
import type { Certificate, Spend } from '../../model/molt-line.ts'
import { readAccount } from '../../wire/molt-witness.ts'
import type { BookKeeper } from './books.ts'
import { isFinal, linesAt, show, showWhole, type TeachDeps } from './teach.ts'

export interface BankSyncDeps extends TeachDeps {
  readonly keeper: BookKeeper
  /** A line that is in the books from now on. */
  readonly onLine: (line: Certificate) => void
}

/** What pays to the account, as far as a witness has told of it. */
interface Told {
  count: number
  readonly keys: Set<string>
}

export class BankSync {
  readonly #deps: BankSyncDeps
  readonly #told = new Map<NodeId, Told>()

  constructor(deps: BankSyncDeps) {
    this.#deps = deps
  }

  /** Returns when both have what the other had when it was asked. Throws what calls throw. */
  async with(witness: NodeId, signal: AbortSignal): Promise<void> {
    const { rpc, keeper } = this.#deps
    const { account } = keeper.books
    const answer = await rpc.call(witness, readAccount, { account }, signal)
    if (answer.sequence > keeper.books.sequence) await this.#takeOwn(witness, signal)
    const { books } = keeper
    if (answer.sequence < books.sequence) await show(this.#deps, witness, books.sent.slice(answer.sequence), signal)
    if (answer.received.digest === books.digest) return
    const told = await this.#takeReceived(witness, answer.received.count, signal)
    for (const line of keeper.books.received)
      if (!told.keys.has(keyOf(line.order.spend)) && (await showWhole(this.#deps, witness, line, signal)))
        told.keys.add(keyOf(line.order.spend))
  }

  /** Enters a line that is final and can come next in the books. Whether it was new. */
  async enter(line: Certificate): Promise<boolean> {
    const { keeper, onLine } = this.#deps
    const { spend } = line.order
    // Witnesses tell again and again of what is known already, and signatures are what all of this costs.
    if (keeper.books.byKey.has(keyOf(spend)) || !isFinal(line, this.#deps)) return false
    const kept = trimmed(line, this.#deps)
    let isNew = false
    await keeper.write((books) => {
      const fits = spend.account !== books.account || isNext(books, spend)
      isNew = fits && !books.byKey.has(keyOf(spend)) && concerns(books, spend)
      return isNew ? [{ type: 'final', line: kept }] : []
    })
    if (isNew) onLine(kept)
    return isNew
  }

  /** Its own lines that the books do not have: they were written elsewhere, or the books are older than they. */
  async #takeOwn(witness: NodeId, signal: AbortSignal): Promise<void> {
    const { account, sequence } = this.#deps.keeper.books
    for await (const line of linesAt(this.#deps, witness, { account, which: 'sent', from: sequence + 1 }, signal))
      await this.enter(line)
  }

  async #takeReceived(witness: NodeId, count: number, signal: AbortSignal): Promise<Told> {
    const { account } = this.#deps.keeper.books
    const known = this.#told.get(witness)
    // A witness that has fewer than before has lost some, and may tell them in another order now.
    const told = known === undefined || count < known.count ? { count: 0, keys: new Set<string>() } : known
    this.#told.set(witness, told)
    const asked = { account, which: 'received', from: told.count + 1 } as const
    for await (const line of linesAt(this.#deps, witness, asked, signal)) {
      await this.enter(line)
      told.count += 1
      told.keys.add(keyOf(line.order.spend))
    }
    return told
  }
}

const isNext = ({ sequence, head }: Books, spend: Spend): boolean =>
  spend.sequence === sequence + 1 && spend.previous === head
