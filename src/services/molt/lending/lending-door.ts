/** The way to what this node lends, for its operations: the policy is there always, the rest while the node takes part. */
import type { LendingPolicy } from '../../../model/molt-policy.ts'
import { InTurn } from '../../../lib/in-turn.ts'
import { ClawError } from '../../../model/failure.ts'
import type { Disk } from '../../../ports/journal.ts'
import { readPolicy, writePolicy } from './policy-file.ts'
import type { UncleanDevice } from '../../inventory/device-care.ts'
import type { LendingView } from './types.ts'

export interface LendingRoom {
  /** Throws STATE_CORRUPT. */
  policy(): Promise<LendingPolicy>
  /** Kept before it counts. Bids and leases that are open stay as they were agreed. Throws DISK_FULL. */
  setPolicy(policy: LendingPolicy): Promise<void>
  /** Throws MOLT_NOT_CONNECTED while this node is in no network. */
  view(): LendingView
  /** Devices that are not lent, as something is left on them; none while nothing is lent at all. */
  unclean(): readonly UncleanDevice[]
}

export class LendingDoor implements LendingRoom {
  readonly #disk: Pick<Disk, 'readBlob' | 'writeBlob'>
  readonly #turns = new InTurn()
  #view: LendingView | null = null

  constructor(disk: Pick<Disk, 'readBlob' | 'writeBlob'>) {
    this.#disk = disk
  }

  policy(): Promise<LendingPolicy> {
    return this.#turns.do(() => readPolicy(this.#disk))
  }

  /** One after the other, so that the one that counts is the one that is kept. */
  setPolicy(policy: LendingPolicy): Promise<void> {
    return this.#turns.do(async () => {
      await writePolicy(this.#disk, policy)
      this.#view?.use(policy)
    })
  }

  view(): LendingView {
    if (this.#view === null)
      throw new ClawError('MOLT_NOT_CONNECTED', { reason: 'it is in no MOLT network now, so it lends nothing' })
    return this.#view
  }

  unclean(): readonly UncleanDevice[] {
    return this.#view?.unclean() ?? []
  }

  /** What can be seen from now on; null for nothing. */
  show(view: LendingView | null): void {
    this.#view = view
  }
}
