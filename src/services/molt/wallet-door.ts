/** The way to the account of this node, for its operations: there while the node is in a network, as its books are that network's. */
import type { Network } from '../../core/molt/network.ts'
import type { AccountLines } from '../../core/molt/verify.ts'
import { ClawError } from '../../model/failure.ts'
import type { NodeId } from '../../model/ids.ts'
import type { Bank } from './bank.ts'
import type { DisputesView } from './disputes/dispute-service.ts'
import type { Reputations } from './reputation/reputations.ts'

export interface WalletView {
  readonly network: Network
  readonly account: NodeId
  readonly bank: Pick<Bank, 'books' | 'keeper' | 'spendable' | 'read' | 'receive' | 'pay'>
  /** Of whom it was proven that they contradict themselves. */
  readonly closedOut: Pick<ReadonlySet<NodeId>, 'has'>
  readonly reputations: Pick<Reputations, 'learn' | 'marks' | 'partners'>
  readonly disputes: DisputesView
  /** Of any account. Throws NO_QUORUM, TOO_LARGE, and the signal's reason. */
  lines(account: string, signal: AbortSignal): Promise<AccountLines>
}

export interface WalletRoom {
  /** Throws MOLT_NOT_CONNECTED while this node is in no network. */
  view(): WalletView
}

export class WalletDoor implements WalletRoom {
  #view: WalletView | null = null

  view(): WalletView {
    if (this.#view === null)
      throw new ClawError('MOLT_NOT_CONNECTED', { reason: 'it is in no MOLT network now, so it has no account there' })
    return this.#view
  }

  /** What can be seen from now on; null for nothing. */
  show(view: WalletView | null): void {
    this.#view = view
  }
}
