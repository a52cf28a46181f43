/** The way to what this node buys, for its operations: preferences are there always, the rest while the node is in a network. */
import type { Network } from '../../../core/molt/network.ts'
import type { Finding } from '../../../core/molt/market/findings.ts'
import { buyingOf } from '../../../core/molt/market/preferences.ts'
import type { SpendingLimits } from '../../../core/molt/market/spending.ts'
import { InTurn } from '../../../lib/in-turn.ts'
import { ClawError } from '../../../model/failure.ts'
import type { NodeId } from '../../../model/ids.ts'
import type { Verification } from '../../../model/molt-hardware.ts'
import type { Offer } from '../../../model/molt-offer.ts'
import type { BuyingPreferences } from '../../../model/molt-preferences.ts'
import type { Disk } from '../../../ports/journal.ts'
import type { ProbeRequest, ProbeResult } from './probe-service.ts'
import type { BuyingService } from './buying.ts'
import { readPreferences, writePreferences } from './preferences-file.ts'

export interface BuyingView {
  readonly network: Network
  readonly service: Pick<
    BuyingService,
    | ('jobs' | 'job' | 'checkOf' | 'isSettled' | 'quote' | 'submit' | 'cancel' | 'dispute' | 'logs' | 'exec')
    | ('inputs' | 'outputs' | 'haveOutputs' | 'onChange' | 'spending')
  >
  /** By what this node has seen itself. */
  verificationOf(provider: NodeId): Verification
  /** What it has found out about providers, oldest first. */
  findings(): readonly Finding[]
  /** Challenges a provider; `onJob` is told of the lease for it. Throws as BuyingService.submit does, and the signal's reason. */
  probe(request: ProbeRequest, onJob: (id: string) => void, signal: AbortSignal): Promise<ProbeResult>
  /** All that can be found. Takes some seconds at most. */
  offers(signal: AbortSignal): Promise<readonly Offer[]>
}

export interface BuyingRoom {
  /** Throws STATE_CORRUPT. */
  preferences(): Promise<BuyingPreferences>
  /**
   * Makes others of those that there are, one change after the other, and returns them: kept before they count, for what is set aside from
   * then on. Throws DISK_FULL, and STATE_CORRUPT.
   */
  changePreferences(change: (before: BuyingPreferences) => BuyingPreferences): Promise<BuyingPreferences>
  /** Throws MOLT_NOT_CONNECTED while this node is in no network. */
  view(): BuyingView
}

export class BuyingDoor implements BuyingRoom {
  readonly #disk: Pick<Disk, 'readBlob' | 'writeBlob'>
  readonly #turns = new InTurn()
  #preferences: BuyingPreferences | null = null
  #view: BuyingView | null = null

  constructor(disk: Pick<Disk, 'readBlob' | 'writeBlob'>) {
    this.#disk = disk
  }

  preferences(): Promise<BuyingPreferences> {
    return this.#turns.do(() => this.#known())
  }

  changePreferences(change: (before: BuyingPreferences) => BuyingPreferences): Promise<BuyingPreferences> {
    return this.#turns.do(async () => {
      const preferences = change(await this.#known())
      await writePreferences(this.#disk, preferences)
      this.#preferences = preferences
      return preferences
    })
  }

  async #known(): Promise<BuyingPreferences> {
    this.#preferences ??= await readPreferences(this.#disk)
    return this.#preferences
  }

  /** By the preferences as they were read; nothing may be spent before that. */
  limits(): SpendingLimits {
    if (this.#preferences === null) return { job: 0n, hour: 0n, day: 0n }
    return buyingOf(this.#preferences).limits
  }

  view(): BuyingView {
    if (this.#view === null)
      throw new ClawError('MOLT_NOT_CONNECTED', { reason: 'it is in no MOLT network now, so it buys nothing' })
    return this.#view
  }

  /** As they were read last; null before that. */
  preferencesNow(): BuyingPreferences | null {
    return this.#preferences
  }

  /** What can be seen from now on; null for nothing. */
  show(view: BuyingView | null): void {
    this.#view = view
  }
}
