/** Shows the account of this node to its operations while the node is in a network. */
import type { Service } from '../ports/service.ts'
import { accountLines } from '../services/molt/account-lines.ts'
import type { Bank } from '../services/molt/bank.ts'
import type { ReadingDeps } from '../services/molt/reading.ts'
import type { WalletDoor } from '../services/molt/wallet-door.ts'
import type { MoltPlane } from '../services/molt/plane.ts'
import type { DisputesView } from '../services/molt/disputes/dispute-service.ts'
import type { Reputations } from '../services/molt/reputation/reputations.ts'
import type { RecordStore } from '../services/records/record-store.ts'

interface WalletDeps extends ReadingDeps {
  readonly records: Pick<RecordStore, 'closedOut'>
  readonly reputations: Reputations
  readonly disputes: DisputesView
}

/** Starts after the bank. */
export const walletOn = ({ network, party }: MoltPlane, bank: Bank, deps: WalletDeps, door: WalletDoor): Service => ({
  name: 'molt-wallet',
  async start() {
    door.show({
      ...{ network, account: party, bank, closedOut: deps.records.closedOut },
      ...{ reputations: deps.reputations, disputes: deps.disputes },
      lines: (account, signal) => accountLines(deps, account, signal),
    })
  },
  async stop() {
    door.show(null)
  },
})
