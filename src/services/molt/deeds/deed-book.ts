/** The agreements of this node as it can show them to others: on disk before the other party is told that it has agreed. */
import { agreementId } from '../../../core/molt/agreement.ts'
import { type Deed, deedFrom, deedText, newDeed } from '../../../core/records/deed.ts'
import type { SignedParties } from '../../../core/records/parties.ts'
import type { Agreement, Hash } from '../../../model/molt-agreement.ts'
import type { Clock } from '../../../ports/clock.ts'
import type { Disk } from '../../../ports/journal.ts'
import type { Unsubscribe } from '../../../ports/rpc.ts'
import type { Service } from '../../../ports/service.ts'
import { KeptRecords } from '../kept-records.ts'

export class DeedBook implements Service {
  readonly name = 'molt-deeds'
  readonly #clock: Pick<Clock, 'now'>
  readonly #kept: KeptRecords<Deed>
  readonly #listeners = new Set<() => void>()

  constructor({ disk, clock }: { readonly disk: Pick<Disk, 'openJournal'>; readonly clock: Pick<Clock, 'now'> }) {
    this.#clock = clock
    this.#kept = new KeptRecords(disk, { file: 'molt-deeds', write: deedText, read: deedFrom })
  }

  /** Throws STATE_CORRUPT. */
  start(): Promise<void> {
    return this.#kept.open()
  }

  stop(): Promise<void> {
    return this.#kept.close()
  }

  all(): readonly Deed[] {
    return this.#kept.all()
  }

  get(agreement: Hash): Deed | null {
    return this.#kept.get(agreement)
  }

  /** Told whenever there is one more. */
  onNew(listener: () => void): Unsubscribe {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Once, however often it is shown. Both signatures were checked. Throws what the disk throws. */
  async keep(agreement: Agreement, signed: SignedParties): Promise<void> {
    const id = agreementId(agreement)
    if (this.#kept.get(id) !== null) return
    await this.#kept.put(id, newDeed(agreement, signed, this.#now()))
    for (const listener of [...this.#listeners]) listener()
  }

  /** From now on it does not matter any more what the lease says of itself. Throws what the disk throws. */
  async end(id: Hash, ended: NonNullable<Deed['ended']>): Promise<void> {
    const deed = this.#kept.get(id)
    if (deed !== null && deed.ended === null) await this.#kept.put(id, { ...deed, ended })
  }

  forget(id: Hash): Promise<void> {
    return this.#kept.remove(id)
  }

  #now(): number {
    return Math.max(0, Math.floor(this.#clock.now()))
  }
}
