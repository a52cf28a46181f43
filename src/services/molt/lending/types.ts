/** Lending as the operations of a node see it. */
import type { Lease } from '../../../core/molt/market/lease.ts'
import type { Lending as Rules } from '../../../core/molt/market/lending.ts'
import type { Lent } from '../../../core/molt/market/lent.ts'
import type { WorkloadId } from '../../../model/ids.ts'
import type { Hash } from '../../../model/molt-agreement.ts'
import type { Isolation } from '../../../model/molt-hardware.ts'
import type { Certificate } from '../../../model/molt-line.ts'
import type { Offer } from '../../../model/molt-offer.ts'
import type { LendingPolicy } from '../../../model/molt-policy.ts'
import type { TalkAnswer } from '../../../wire/molt-lease.ts'
import type { UncleanDevice } from '../../inventory/device-care.ts'

export interface LeaseSight {
  readonly lease: Lease
  /** Null before there is an agreement. */
  readonly workload: WorkloadId | null
  readonly work: TalkAnswer['work']
  readonly final: Certificate | null
}

export interface LendingView {
  /** Null while this node lends nothing. */
  rules(): Rules | null
  /** Goes by that policy from now on. */
  use(policy: LendingPolicy): void
  /** Bids that are open, leases that run, and those that were closed not long ago. */
  leases(): readonly LeaseSight[]
  /** Those that are closed, oldest first. */
  history(): readonly Lent[]
  offers(): readonly Offer[]
  /** What guests can be kept apart by on this node. */
  isolation(): readonly Isolation[]
  /** Devices that are not lent, as something is left on them. */
  unclean(): readonly UncleanDevice[]
  /** Closes nothing of it by itself until its arbiters have had their time. Throws what the disk throws. */
  dispute(agreement: Hash): Promise<void>
  /** Takes leases again, after a farewell. */
  unwind(): void
  /** Takes no more of them, and ends those that run: after the time that was agreed, or at once. Returns when they are closed, unless at once. */
  wind(how: { readonly isNow: boolean }, signal: AbortSignal): Promise<void>
}
