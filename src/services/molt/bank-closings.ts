/** Closes agreements for the account, each with one closing at a time, and goes on with those that were begun before. */
import { type Agreement, agreementId, holdAccount } from '../../core/molt/agreement.ts'
import { keyOf } from '../../core/molt/books.ts'
import { type Closing, closingProblem, paidBy } from '../../core/molt/closing.ts'
import { canonicalJson } from '../../lib/canonical-json.ts'
import { ClawError } from '../../model/failure.ts'
import type { NodeId } from '../../model/ids.ts'
import type { Certificate } from '../../model/molt-line.ts'
import type { BankSync } from './bank-sync.ts'
import type { BookKeeper } from './books.ts'
import { Closer, type CloserDeps, type ClosingProgress } from './closer.ts'
import { settleEverywhere } from './payer.ts'

export interface BankClosingsDeps extends CloserDeps {
  readonly keeper: BookKeeper
  readonly sync: BankSync
}

type Tell = (progress: ClosingProgress) => void

interface Running {
  readonly closed: Promise<Certificate>
  /** Has it begun again with the closing that is in the books then. */
  readonly change: () => void
}

export class BankClosings {
  readonly #deps: BankClosingsDeps
  readonly #running = new Map<string, Running>()

  constructor(deps: BankClosingsDeps) {
    this.#deps = deps
  }

  /** Returns when all have ended, however they do. */
  async stop(): Promise<void> {
    await Promise.allSettled(this.#running.values().map(({ closed }) => closed))
  }

  /**
   * Writes down how it is to be closed, in the place of what pays this party less. The line where it is closed already. Throws
   * CLOSING_REFUSED and DISK_FULL.
   */
  async begin(agreement: Agreement, closing: Closing): Promise<Certificate | null> {
    const { keeper, network, verifier, clock } = this.#deps
    const id = agreementId(agreement)
    const problem = closingProblem(agreement, closing, { network, verifier, now: clock.now() })
    if (problem !== null) throw new ClawError('CLOSING_REFUSED', { agreement: id, reason: problem })
    await this.know(agreement)
    const known = keeper.books.byKey.get(keyOf({ account: holdAccount(agreement), sequence: 1 }))
    if (known !== undefined) return known.line
    let isChanged = false
    await keeper.write(({ closings }) => {
      const begun = closings.get(id)
      isChanged = begun === undefined || paysMore(agreement, this.#deps.self, { closing, than: begun })
      return isChanged ? [{ type: 'closing', agreement: id, closing }] : []
    })
    if (isChanged) this.#running.get(id)?.change()
    return null
  }

  async know(agreement: Agreement): Promise<void> {
    await this.#deps.keeper.write(({ agreements }) =>
      agreements.has(agreementId(agreement)) ? [] : [{ type: 'agreement', agreement }],
    )
  }

  /** What was begun, until it is closed. Throws NOTHING_HELD, CLOSING_REFUSED, NO_QUORUM, DISK_FULL, and the signal's reason. */
  close(id: string, tell: Tell, end: AbortSignal): Promise<Certificate> {
    const running = this.#running.get(id)
    if (running !== undefined) return running.closed
    let change = new AbortController()
    const nextChange = (): AbortSignal => (change = new AbortController()).signal
    const closed = this.#close(id, { tell, end, nextChange }).finally(() => this.#running.delete(id))
    this.#running.set(id, { closed, change: () => change.abort(new Error('it is closed in another way')) })
    return closed
  }

  async #close(
    id: string,
    how: { readonly tell: Tell; readonly end: AbortSignal; readonly nextChange: () => AbortSignal },
  ): Promise<Certificate> {
    const { keeper, sync } = this.#deps
    for (;;) {
      const { agreements, closings } = keeper.books
      const [agreement, closing] = [agreements.get(id), closings.get(id)]
      if (agreement === undefined || closing === undefined) throw new ClawError('NOTHING_HELD', { agreement: id })
      const changed = how.nextChange()
      try {
        const closer = new Closer(this.#deps, { agreement, closing }, how.tell)
        const line = await closer.close(AbortSignal.any([how.end, changed]))
        await sync.enter(line)
        await this.#forget(id, null)
        await settleEverywhere(this.#deps, line, how.end)
        return line
      } catch (error) {
        if (changed.aborted && !how.end.aborted) continue
        if (ClawError.is(error, 'CLOSING_REFUSED') && !(await this.#forget(id, closing))) continue
        throw error
      }
    }
  }

  /** Only where it is still to be closed like this, if that is said. Whether it was. */
  async #forget(id: string, only: Closing | null): Promise<boolean> {
    let isSame = false
    await this.#deps.keeper.write(({ closings }) => {
      const begun = closings.get(id)
      isSame = begun !== undefined && (only === null || canonicalJson(begun) === canonicalJson(only))
      return isSame ? [{ type: 'closing', agreement: id, closing: null }] : []
    })
    return isSame
  }
}

/** For its buyer, what is paid less to the provider. */
function paysMore(
  { terms }: Agreement,
  self: NodeId,
  { closing, than }: { readonly closing: Closing; readonly than: Closing },
): boolean {
  const more = paidBy(closing) - paidBy(than)
  return (self === terms.provider && more > 0n) || (self === terms.buyer && more < 0n)
}
