/** What buying takes of the own host and of the network. */
import { standingsSeen } from '../core/molt/own-deals.ts'
import type { Standing } from '../core/molt/market/reputation.ts'
import type { NodeId } from '../model/ids.ts'
import type { Disk } from '../ports/journal.ts'
import type { Service } from '../ports/service.ts'
import type { Bank } from '../services/molt/bank.ts'
import { FindingsBook } from '../services/molt/buying/findings-book.ts'
import type { DeedBook } from '../services/molt/deeds/deed-book.ts'
import { BuyingService } from '../services/molt/buying/buying.ts'
import type { BuyingDoor } from '../services/molt/buying/buying-door.ts'
import type { OfferBook } from '../services/molt/buying/offer-book.ts'
import type { MoltPlane } from '../services/molt/plane.ts'
import type { RecordStore } from '../services/records/record-store.ts'
import type { Ground } from './ground.ts'

interface Market {
  readonly bank: Bank
  readonly offers: OfferBook
  readonly records: Pick<RecordStore, 'closedOut'>
  readonly deeds: DeedBook
  /** What is of this network alone. */
  readonly disk: Disk
}

export function buyingOn(
  { verifier, clock, random, log }: Ground,
  { network, signer, rpc, party }: MoltPlane,
  { bank, offers, records, deeds, disk }: Market,
  door: BuyingDoor,
): Service {
  const findings = new FindingsBook({ disk, clock })
  const standingOf = (provider: NodeId): Standing =>
    standingsSeen(bank.books, network, { self: party, closedOut: records.closedOut, now: clock.now() })(
      provider,
      'provider',
    )
  const service = new BuyingService({
    ...{ network, findings, signer, verifier, rpc, bank, deeds, disk, clock, random, log: log.child('buying') },
    ...{ finder: offers, limits: () => door.limits() },
    knownOf: (provider) => findings.known(provider, standingOf(provider)),
  })
  return {
    name: service.name,
    async start() {
      await door.preferences()
      await findings.open()
      await service.start()
      door.show({
        ...{ network, service, offers: (signal) => offers.everything(signal) },
        verificationOf: (provider) => findings.verificationOf(provider),
        findings: () => findings.all(),
      })
    },
    async stop() {
      door.show(null)
      await service.stop()
      await findings.close()
    },
  }
}
