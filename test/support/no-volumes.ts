/** A node whose volumes hold nothing. */
import { ClawError } from '../../src/model/failure.ts'
import type { BuyingRoom } from '../../src/services/molt/buying/buying-door.ts'
import type { LendingRoom } from '../../src/services/molt/lending/lending-door.ts'
import type { Molt } from '../../src/services/molt/types.ts'
import { WalletDoor } from '../../src/services/molt/wallet-door.ts'
import { noOverlay, noTailnet } from './no-overlay.ts'
import type { BackupsView, VolumesView } from '../../src/operations/context.ts'

const none = (): never => {
  throw new ClawError('EXECUTOR_UNAVAILABLE', { executor: 'docker', detail: 'there is none here' })
}

/** A node that makes no backups, and keeps none. */
const noBackups: BackupsView = {
  follow: () => none(),
  verify: async () => none(),
  read: () => none(),
}

/** A node that takes no part in any market. */
const noMolt: Molt = {
  status: () => ({
    ...{ part: null, party: null, isWitness: false, isConnected: false, problem: null, peers: [], addresses: [] },
  }),
  identity: async () => none(),
  join: async () => none(),
  leave: () => Promise.resolve(),
  plane: () => none(),
}

const noVolumes: VolumesView = {
  copy: async () => none(),
  putOver: async () => none(),
  push: async () => none(),
  readCopy: async () => none(),
  fill: async () => none(),
  refuseUsed: () => Promise.resolve(),
  drop: () => Promise.resolve(),
  dropOthers: () => Promise.resolve(),
  forgetCopy: () => Promise.resolve(),
  discard: async (_, decide) => void (await decide()),
}

/** A node that lends nothing. */
const noLending: LendingRoom = {
  policy: () => Promise.resolve({}),
  setPolicy: () => Promise.resolve(),
  view() {
    throw new ClawError('MOLT_NOT_CONNECTED', { reason: 'it takes part in none' })
  },
  unclean: () => [],
}

/** A node that buys nothing. */
const noBuying: BuyingRoom = {
  preferences: () => Promise.resolve({}),
  changePreferences: (change) => Promise.resolve(change({})),
  view() {
    throw new ClawError('MOLT_NOT_CONNECTED', { reason: 'it takes part in none' })
  },
}

export const nothingKept = {
  ...{
    volumes: noVolumes,
    overlay: noOverlay,
    tailnet: noTailnet,
    backups: noBackups,
    molt: noMolt,
    lending: noLending,
  },
  buying: noBuying,
  wallet: new WalletDoor(),
}
