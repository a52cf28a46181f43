/** The market of this node: its host in a MOLT network, and what runs on it while the node takes part. */
import { join } from 'node:path'
import { makeMarketKey, readMarketKey } from '../adapters/keys/market-key.ts'
import { AddressBookLocked, openAddressBook } from '../adapters/level/address-book.ts'
import { createHost } from '../adapters/libp2p/host.ts'
import { defaultHostSettings, type HostSettings } from '../adapters/libp2p/settings.ts'
import type { Config } from '../config/schema.ts'
import { partyIn } from '../core/molt/acquaintances.ts'
import { networkOf } from '../core/molt/network.ts'
import { rulesOf } from '../core/state/molt.ts'
import type { MoltNetwork } from '../core/state/molt-commands.ts'
import { ClawError } from '../model/failure.ts'
import { meshId, type NodeId } from '../model/ids.ts'
import { firstVersion } from '../model/version.ts'
import type { MarketKey } from '../ports/keys.ts'
import type { Service } from '../ports/service.ts'
import { MeshLinksService } from '../services/admission/mesh-links.ts'
import type { Control } from '../services/control/types.ts'
import { AcquaintanceService } from '../services/molt/acquaintance-service.ts'
import { MoltService } from '../services/molt/molt-service.ts'
import { openAdmission } from '../services/molt/open-admission.ts'
import type { Participation } from '../services/molt/part-file.ts'
import type { OpenedPlane } from '../services/molt/plane.ts'
import type { ControlPlane } from './control-plane.ts'
import type { Ground } from './ground.ts'
import { startAll } from './lifecycle.ts'
import { type Lends, marketOn, recordTable } from './market.ts'
import { marketMetrics } from './market-metrics.ts'

export function moltOf(ground: Ground, { control }: Pick<ControlPlane, 'control'>, lends: Lends): MoltService {
  const { identity, disk, clock, log } = ground
  return new MoltService({
    ...{ self: identity.id, control, disk, clock, log: log.child('molt') },
    keys: { read: () => readMarketKey(disk), make: () => makeMarketKey(disk) },
    openPlane: (network, key, part) => openPlane(ground, control, { network, key, part, lends }),
  })
}

interface Wanted {
  readonly network: MoltNetwork
  readonly key: MarketKey
  part(): Participation | null
  readonly lends: Lends
}

async function openPlane(
  ground: Ground,
  control: Control,
  { network, key, part, lends }: Wanted,
): Promise<OpenedPlane> {
  const { config, version, clock, random } = ground
  const log = ground.log.child('molt')
  const addressBook = await openBook(ground)
  const rules = networkOf(rulesOf(network.genesis))
  const known = new KnownHosts(control, config.molt.peers)
  const { extras, net, keeper } = recordTable(ground, rules, config.molt.listen.length > 0)
  const { rpc, gossip, peers, service } = await createHost({
    identity: key,
    mesh: meshId(rules.id),
    software: version,
    applies: firstVersion,
    settings: hostSettings(config),
    admission: openAdmission,
    addressesOf: (party) => known.addressesOf(party),
    ...{ log, clock, metrics: marketMetrics(ground.metrics), datastore: addressBook, extras },
  })
  const acquaintances = new AcquaintanceService({ rpc, peers, clock, random, log })
  known.learnFrom(acquaintances)
  const links = new MeshLinksService({
    ...{ peers, clock, random, log: log.child('links') },
    members: () => known.parties(),
    voters: () => [...rules.witnesses],
    addressesOf: (party) => known.addressesOf(party),
  })
  const plane = {
    network: rules,
    name: network.genesis.name,
    party: key.id,
    signer: key.signer,
    rpc,
    gossip,
    peers,
    part,
  }
  const { before, after } = marketOn(ground, plane, { key, keeper, net }, lends)
  const services = [before, service, acquaintances, links, ...after]
  return { plane, service: together(services, addressBook) }
}

/** Started and stopped as one, with the address book closed at the end. */
function together(services: readonly Service[], addressBook: Awaited<ReturnType<typeof openBook>>): Service {
  let stop = async (): Promise<void> => {}
  return {
    name: 'molt-plane',
    async start() {
      try {
        stop = await startAll(services)
      } catch (error) {
        await addressBook.close()
        throw error
      }
    },
    async stop() {
      try {
        await stop()
      } finally {
        await addressBook.close()
      }
    },
  }
}

/** Strangers are remembered apart from members. */
async function openBook({ config, log }: Ground) {
  const path = join(config.dataDir, 'market-addresses')
  try {
    return await openAddressBook(path, log)
  } catch (error) {
    if (!(error instanceof AddressBookLocked)) throw error
    throw new ClawError('CONFIG_INVALID', { file: path, problem: 'another process has it open' }, { cause: error })
  }
}

/** Whom this host may look for: those that the mesh was told of, its own nodes, and those that it has come to know. */
class KnownHosts {
  readonly #state: () => Control['state']
  readonly #settled: readonly string[]
  #learned: Pick<AcquaintanceService, 'parties' | 'addressesOf'> = { parties: () => [], addressesOf: () => [] }

  constructor(control: Pick<Control, 'state'>, settled: readonly string[]) {
    this.#state = () => control.state
    this.#settled = settled
  }

  learnFrom(learned: Pick<AcquaintanceService, 'parties' | 'addressesOf'>): void {
    this.#learned = learned
  }

  parties(): Iterable<NodeId> {
    return new Set([...this.#told().map(partyIn), ...this.#learned.parties()])
  }

  addressesOf(party: NodeId): readonly string[] {
    const told = this.#told().filter((address) => partyIn(address) === party)
    return [...new Set([...told, ...this.#learned.addressesOf(party)])]
  }

  #told(): readonly string[] {
    const { moltNetwork, moltParts } = this.#state()
    const own = Array.from(moltParts.values(), ({ addresses }) => addresses).flat()
    return [...own, ...(moltNetwork?.bootstrap ?? []), ...this.#settled]
  }
}

/** Strangers get less than members do, of everything. */
function hostSettings({ mesh, molt }: Config): HostSettings {
  return {
    ...defaultHostSettings,
    listen: molt.listen,
    announce: molt.announce,
    dialFrom: mesh.dialFrom ?? null,
    mdns: false,
    maxConnections: 256,
    maxGuests: 16,
    inboundPerSecond: 10,
    requestsPerSecond: 200,
  }
}
