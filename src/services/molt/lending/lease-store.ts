/**
 * The leases of this node on disk, each as it was last, and what has become of those that are over. What can be read here has been written
 * before.
 */
import type { Lease } from '../../../core/molt/market/lease.ts'
import { isOver } from '../../../core/molt/market/lease-change.ts'
import { leaseFrom, leaseText } from '../../../core/molt/market/lease.ts'
import type { Lent } from '../../../core/molt/market/lent.ts'
import { lentFrom, lentOf, lentText } from '../../../core/molt/market/lent.ts'
import { agreementId } from '../../../core/molt/agreement.ts'
import { wantHash } from '../../../core/molt/market/decide.ts'
import type { Hash } from '../../../model/molt-agreement.ts'
import { Work } from '../../../model/molt-work.ts'
import { hour, type Instant, type Millis, minute } from '../../../model/time.ts'
import type { Disk } from '../../../ports/journal.ts'
import { RecordJournal } from '../record-journal.ts'

export type LeaseDisk = Pick<Disk, 'openJournal' | 'readBlob' | 'writeBlob' | 'removeBlob'>

/** Since a lease ended its buyer can still ask how. */
const keptFor: Millis = hour
const bidsKeptFor: Millis = 5 * minute
/** The journal is written anew when it has so many records that say nothing any more. */
const mostOutdated = 2_000
const mostHistory = 10_000

const files = { leases: 'molt-leases', history: 'molt-lent' } as const
const workFile = (agreement: Hash): string => `molt-work-${agreement.slice(0, 40)}`

export class LeaseStore {
  readonly #disk: LeaseDisk
  readonly #leases: RecordJournal<{ readonly key: string; readonly lease: Lease | null }>
  readonly #lent: RecordJournal<Lent>
  readonly #byKey = new Map<Hash, Lease>()
  readonly #byAgreement = new Map<Hash, Hash>()
  readonly #byWant = new Map<Hash, Hash>()
  readonly #history = new Map<Hash, Lent>()
  /** Those whose work is forgotten here. */
  readonly #emptied = new Set<Hash>()
  #outdated = 0

  constructor(disk: LeaseDisk) {
    this.#disk = disk
    this.#leases = new RecordJournal(disk, files.leases, readRecord, (one) => this.#take(one))
    this.#lent = new RecordJournal(disk, files.history, readLent, (one) => this.#history.set(one.agreement, one))
  }

  /** Throws STATE_CORRUPT for what this program did not write. */
  async open(): Promise<void> {
    await this.#leases.open()
    await this.#lent.open()
  }

  async close(): Promise<void> {
    await this.#leases.close()
    await this.#lent.close()
  }

  all(): readonly Lease[] {
    return [...this.#byKey.values()]
  }

  get(key: Hash): Lease | null {
    return this.#byKey.get(key) ?? null
  }

  ofAgreement(agreement: Hash): Lease | null {
    return this.get(this.#byAgreement.get(agreement) ?? '')
  }

  ofWant(want: Hash): Lease | null {
    return this.get(this.#byWant.get(want) ?? '')
  }

  /** Those that are over, oldest first. */
  history(): readonly Lent[] {
    return [...this.#history.values()]
  }

  /** Throws what the disk throws; then nothing has changed, as far as anybody can know. */
  async put(lease: Lease): Promise<void> {
    await this.#leases.append([Buffer.from(leaseText(lease))], () => {
      if (this.#byKey.has(lease.key)) this.#outdated += 1
      this.#take({ key: lease.key, lease })
    })
    if (this.#outdated > mostOutdated + this.#byKey.size) await this.#compact()
  }

  /** Whoever has the data directory can read it, and nobody else. */
  async putWork(agreement: Hash, work: Work): Promise<void> {
    await this.#disk.writeBlob(workFile(agreement), Buffer.from(JSON.stringify(work)), { secret: true })
  }

  /** Null before it was told, and when it is over. */
  async work(agreement: Hash): Promise<Work | null> {
    const bytes = await this.#disk.readBlob(workFile(agreement))
    if (bytes === null) return null
    const read = Work.safeParse(JSON.parse(Buffer.from(bytes).toString()))
    return read.success ? read.data : null
  }

  /** Forgets what nobody asks for any more, after what became of it is written down. */
  async tidy(now: Instant): Promise<void> {
    for (const lease of this.all()) {
      const { state, isStopped, agreement, since } = lease
      if (state !== 'closed' || !isStopped) continue
      if (agreement !== null) await this.#empty(agreementId(agreement))
      if (!isOver(lease)) continue
      if (now - since < (agreement === null ? bidsKeptFor : keptFor)) continue
      const lent = lentOf(lease)
      if (lent !== null && !this.#history.has(lent.agreement)) {
        await this.#lent.append([Buffer.from(lentText(lent))], () => this.#history.set(lent.agreement, lent))
      }
      await this.#leases.append([Buffer.from(JSON.stringify({ gone: lease.key }))], () =>
        this.#take({ key: lease.key, lease: null }),
      )
      if (agreement !== null) this.#emptied.delete(agreementId(agreement))
      this.#outdated += 2
    }
    if (this.#history.size > mostHistory * 1.2) await this.#shorten()
  }

  async #empty(agreement: Hash): Promise<void> {
    if (this.#emptied.has(agreement)) return
    await this.#disk.removeBlob(workFile(agreement))
    this.#emptied.add(agreement)
  }

  #take({ key, lease }: { readonly key: Hash; readonly lease: Lease | null }): void {
    const known = lease ?? this.#byKey.get(key)
    if (known === undefined) return
    const { agreement, want } = known
    if (lease === null) {
      this.#byKey.delete(key)
      this.#byWant.delete(wantHash(want))
      if (agreement !== null) this.#byAgreement.delete(agreementId(agreement))
      return
    }
    this.#byKey.set(key, lease)
    this.#byWant.set(wantHash(want), key)
    if (agreement !== null) this.#byAgreement.set(agreementId(agreement), key)
  }

  async #compact(): Promise<void> {
    const all = (): readonly Uint8Array[] => this.all().map((lease) => Buffer.from(leaseText(lease)))
    // Leases that are written meanwhile need not have it all written anew as well.
    this.#outdated = 0
    await this.#leases.rewrite(all)
  }

  async #shorten(): Promise<void> {
    const rest = (): readonly Lent[] => this.history().slice(-mostHistory)
    await this.#lent.rewrite(
      () => rest().map((lent) => Buffer.from(lentText(lent))),
      () => {
        const kept = rest()
        this.#history.clear()
        for (const lent of kept) this.#history.set(lent.agreement, lent)
      },
    )
  }
}

function readRecord(text: string): { readonly key: Hash; readonly lease: Lease | null } {
  const value = JSON.parse(text) as { readonly gone?: unknown }
  if (typeof value.gone === 'string') return { key: value.gone, lease: null }
  const lease = leaseFrom(text)
  return { key: lease.key, lease }
}

const readLent = (text: string): Lent => lentFrom(text)
