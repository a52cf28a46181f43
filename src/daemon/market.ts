/** What runs on the market host of this node, in start order: witness, account, records, what it lends and buys, and what it tells of that. */
import { createDht, defaultDhtSettings } from '../adapters/libp2p/dht.ts'
import type { Network } from '../core/molt/network.ts'
import { isClawError } from '../model/failure.ts'
import type { MarketKey } from '../ports/keys.ts'
import type { Log } from '../ports/log.ts'
import type { RecordNet } from '../ports/record-net.ts'
import type { Service } from '../ports/service.ts'
import { Bank } from '../services/molt/bank.ts'
import type { BuyingDoor } from '../services/molt/buying/buying-door.ts'
import { OfferBook } from '../services/molt/buying/offer-book.ts'
import { DeedBook } from '../services/molt/deeds/deed-book.ts'
import { DeedTeller } from '../services/molt/deeds/deed-teller.ts'
import { blamesIn } from '../services/molt/deeds/blames.ts'
import { endsIn } from '../services/molt/deeds/ends.ts'
import { RecordSayer } from '../services/molt/deeds/record-sayer.ts'
import { DisputeService } from '../services/molt/disputes/dispute-service.ts'
import { tradesIn } from '../services/molt/disputes/trades.ts'
import type { LendingDoor } from '../services/molt/lending/lending-door.ts'
import type { LendingHome } from '../services/molt/lending/lending-service.ts'
import { withLoopback } from '../services/molt/loopback.ts'
import { networkDisk } from '../services/molt/network-disk.ts'
import type { MoltPlane } from '../services/molt/plane.ts'
import type { WalletDoor } from '../services/molt/wallet-door.ts'
import { Reputations } from '../services/molt/reputation/reputations.ts'
import { Witness } from '../services/molt/witness.ts'
import { RecordKeeper } from '../services/records/keeper.ts'
import { RecordStore } from '../services/records/record-store.ts'
import { buyingOn } from './buying.ts'
import type { Ground } from './ground.ts'
import { lendingOn } from './lending.ts'
import { marketMetrics } from './market-metrics.ts'
import { walletOn } from './wallet.ts'

/** The table of records, and who guards it. It runs on the host, which is made with its extras. */
export function recordTable(ground: Ground, network: Network, isServer: boolean) {
  const { verifier, clock, random } = ground
  const disk = networkDisk(ground.disk, network.id)
  const log = ground.log.child('molt')
  const metrics = marketMetrics(ground.metrics)
  const keeper = new RecordKeeper({ network, verifier, disk, clock, log, metrics })
  const settings = { ...defaultDhtSettings, isServer }
  return { keeper, ...createDht({ network: network.id, guard: keeper, settings, clock, random, log, metrics }) }
}

export interface Lends {
  readonly home: LendingHome
  readonly door: LendingDoor
  readonly buying: BuyingDoor
  readonly wallet: WalletDoor
}

interface Table {
  readonly key: MarketKey
  readonly keeper: RecordKeeper
  readonly net: RecordNet
}

/** `before` starts before the host listens, `after` once it runs. */
export function marketOn(
  ground: Ground,
  plane: MoltPlane,
  { key, keeper, net }: Table,
  lends: Lends,
): { readonly before: Service; readonly after: readonly Service[] } {
  const { verifier, clock, random } = ground
  const { network, party, gossip } = plane
  const disk = networkDisk(ground.disk, network.id)
  const { signer } = key
  const log = ground.log.child('molt')
  const metrics = marketMetrics(ground.metrics)
  const rpc = withLoopback(plane.rpc, party)
  const shared = { network, signer, verifier, disk, clock, random, log }
  const records = new RecordStore({ ...shared, metrics, gossip, rpc: plane.rpc, net, keeper })
  const bank = new Bank({ ...shared, rpc })
  const offers = new OfferBook({ records, clock })
  const deeds = new DeedBook({ disk, clock })
  const whyOf = endsIn({ lending: lends.door, buying: lends.buying })
  const reputations = new Reputations({
    ...{ ...shared, self: party, rpc, bank, records, log: log.child('reputations') },
    blames: (agreement) => blamesIn(deeds, bank.books, party, agreement),
  })
  const disputes = new DisputeService({
    ...{ ...shared, rpc: { call: rpc.call.bind(rpc), serve: plane.rpc.serve.bind(plane.rpc) }, bank, deeds },
    trades: tradesIn({ lending: lends.door, buying: lends.buying, signer }),
    ...{ sayer: new RecordSayer({ records, clock, log }), log: log.child('disputes') },
  })
  const teller = new DeedTeller({ self: party, deeds, bank, records, whyOf, clock, log: log.child('deeds') })
  const isWitness = network.witnesses.has(party)
  return {
    before: records.files,
    after: [
      ...(isWitness ? [new Witness({ ...shared, metrics, rpc })] : []),
      ...[bank, walletOn(plane, bank, { ...shared, rpc, records, reputations, disputes }, lends.wallet)],
      ...[offers, records, deeds, reputations],
      alone(lendingOn(ground, plane, { bank, records, deeds, reputations, disk }, lends), log),
      alone(
        buyingOn(ground, plane, { bank, offers, deeds, reputations, disk, images: lends.home.images }, lends.buying),
        log,
      ),
      ...[teller, disputes],
    ],
  }
}

/** What cannot start by itself must not take the account and the witness along: others rely on these. */
function alone(service: Service, log: Log): Service {
  let isUp = false
  return {
    name: service.name,
    async start() {
      try {
        await service.start()
        isUp = true
      } catch (error) {
        if (!isClawError(error)) throw error
        log.error('a part of the market could not be started', { part: service.name, reason: error.message })
      }
    },
    async stop() {
      if (isUp) await service.stop()
    },
  }
}
