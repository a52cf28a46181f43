/** What buying takes of the own host and of the network. */
import { join } from 'node:path'
import { fileCopies } from '../adapters/snapshots/file-copies.ts'
import { ClawError } from '../model/failure.ts'
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
import type { Images } from '../services/images/types.ts'
import type { Ground } from './ground.ts'

interface Market {
  readonly bank: Bank
  readonly offers: OfferBook
  /** Null where no containers run: this node has no images to send. */
  readonly images: Pick<Images, 'send'> | null
  readonly deeds: DeedBook
  readonly reputations: Reputations
  /** What is of this network alone. */
  readonly disk: Disk
}

export function buyingOn(
  { verifier, clock, random, config, log }: Ground,
  { network, signer, rpc, party }: MoltPlane,
  { bank, offers, deeds, reputations, disk, images }: Market,
  door: BuyingDoor,
): Service {
  const findings = new FindingsBook({ disk, clock })
  const service = new BuyingService({
    ...{ network, findings, signer, verifier, rpc, bank, deeds, disk, clock, random, log: log.child('buying') },
    image: (id, signal) => sentBy(images, id, signal),
    copies: fileCopies(join(config.dataDir, 'molt-inputs')),
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

async function* sentBy(images: Market['images'], image: string, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  if (images === null) throw new ClawError('IMAGE_NOT_FOUND', { image, detail: 'this node runs no containers' })
  yield* images.send(image, signal)
}
