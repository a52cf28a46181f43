/** What this node has spent and set aside, on disk before anything is set aside. */
import type { Refusal, Reservation, Spending, SpendingLimits } from '../../../core/molt/market/spending.ts'
import { nothingSpent, reserve, settleAt, spendingFrom } from '../../../core/molt/market/spending.ts'
import { canonicalJson } from '../../../lib/canonical-json.ts'
import type { MicroMolt } from '../../../model/amount.ts'
import type { Clock } from '../../../ports/clock.ts'
import type { Disk } from '../../../ports/journal.ts'

export interface SpendingDeps {
  readonly disk: Pick<Disk, 'readBlob' | 'writeBlob'>
  readonly clock: Clock
  readonly limits: () => SpendingLimits
}

const file = 'molt-spending'

export class SpendingKeeper {
  readonly #deps: SpendingDeps
  /** Null when what is on disk cannot be understood: then nothing more is spent. */
  #spending: Spending | null = nothingSpent
  #queue: Promise<unknown> = Promise.resolve()

  constructor(deps: SpendingDeps) {
    this.#deps = deps
  }

  async open(): Promise<void> {
    const bytes = await this.#deps.disk.readBlob(file)
    this.#spending = bytes === null ? nothingSpent : spendingFrom(Buffer.from(bytes).toString())
  }

  /** As it is on disk; null when that cannot be understood. */
  get spending(): Spending | null {
    return this.#spending
  }

  /** Null once it is set aside; why not otherwise. Throws what the disk throws. */
  reserve(reservation: Reservation): Promise<Refusal | null> {
    return this.#inTurn(async () => {
      const { clock, limits } = this.#deps
      const asked = reserve(this.#spending, reservation, { limits: limits(), now: clock.now() })
      if (!asked.ok) return asked.refusal
      await this.#write(asked.spending)
      return null
    })
  }

  /** What was paid in the end, or what is at most to be paid any more. */
  settle(key: string, paid: MicroMolt, isOver: boolean): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#spending !== null) await this.#write(settleAt(this.#spending, key, paid, { isOver }))
    })
  }

  /** Forgets what was spent: for an owner whose record is broken. */
  forget(): Promise<void> {
    return this.#inTurn(() => this.#write(nothingSpent))
  }

  async #write(spending: Spending): Promise<void> {
    const text = canonicalJson(spending)
    if (this.#spending !== null && text === canonicalJson(this.#spending)) return
    await this.#deps.disk.writeBlob(file, Buffer.from(text))
    this.#spending = spending
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#queue.then(work)
    this.#queue = done.catch(() => 'the one who asked hears of it')
    return done
  }
}
