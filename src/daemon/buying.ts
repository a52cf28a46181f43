/** What buying takes of the own host and of the network. */
import type { Disk } from '../ports/journal.ts'
import type { Service } from '../ports/service.ts'
import type { Bank } from '../services/molt/bank.ts'
import { FindingsBook } from '../services/molt/buying/findings-book.ts'
import type { DeedBook } from '../services/molt/deeds/deed-book.ts'
import { BuyingService } from '../services/molt/buying/buying.ts'
import type { BuyingDoor } from '../services/molt/buying/buying-door.ts'
import { ProbeRounds } from '../services/molt/buying/probe-rounds.ts'
import { ProbeService } from '../services/molt/buying/probe-service.ts'
import type { OfferBook } from '../services/molt/buying/offer-book.ts'
import type { MoltPlane } from '../services/molt/plane.ts'
import type { Reputations } from '../services/molt/reputation/reputations.ts'
import type { Ground } from './ground.ts'

interface Market {
  readonly bank: Bank
  readonly offers: OfferBook
  readonly deeds: DeedBook
  readonly reputations: Reputations
  /** What is of this network alone. */
  readonly disk: Disk
}

export function buyingOn(
  { verifier, clock, random, log }: Ground,
  { network, signer, rpc, party }: MoltPlane,
  { bank, offers, deeds, reputations, disk }: Market,
  door: BuyingDoor,
): Service {
  const findings = new FindingsBook({ disk, clock })
  const service = new BuyingService({
    ...{ network, findings, signer, verifier, rpc, bank, deeds, disk, clock, random, log: log.child('buying') },
    ...{ finder: offers, limits: () => door.limits() },
    knownOf: (provider) => findings.known(provider, reputations.standingOf(provider, 'provider')),
    learn: (provider, signal) => reputations.learn(provider, signal),
  })
  const probes = new ProbeService({ ...{ network: network.id, self: party, findings, clock, random }, buying: service })
  const rounds = new ProbeRounds({
    ...{ self: party, clock, random, log: log.child('probes') },
    preferences: () => door.preferencesNow(),
    offers: () => offers.all(),
    probe: (request, signal) => probes.probe(request, () => undefined, signal),
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
        probe: (request, onJob, signal) => probes.probe(request, onJob, signal),
      })
      rounds.start()
    },
    async stop() {
      door.show(null)
      await rounds.stop()
      await service.stop()
      await findings.close()
    },
  }
}
