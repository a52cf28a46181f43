/** Real hosts of one network on loopback, each with kad-dht and a record store. Nobody of them is its witness. */
import { type Identity, newIdentity } from '../../../src/adapters/keys/identity.ts'
import { createVerifier } from '../../../src/adapters/keys/signatures.ts'
import { createDht, defaultDhtSettings, type DhtSettings } from '../../../src/adapters/libp2p/dht.ts'
import { createHost, type Host } from '../../../src/adapters/libp2p/host.ts'
import type { Datastore } from '../../../src/adapters/libp2p/node.ts'
import { defaultHostSettings } from '../../../src/adapters/libp2p/settings.ts'
import { systemClock } from '../../../src/adapters/system/clock.ts'
import { systemRandom } from '../../../src/adapters/system/random.ts'
import { type Network, networkOf } from '../../../src/core/molt/network.ts'
import { certifyIssuer } from '../../../src/core/records/certificate.ts'
import type { NewRecord } from '../../../src/core/records/envelope.ts'
import { sealRecord } from '../../../src/core/records/envelope.ts'
import { writePayload } from '../../../src/core/records/payload.ts'
import { meshId, type NodeId } from '../../../src/model/ids.ts'
import { recordKey } from '../../../src/model/record.ts'
import { day, hour } from '../../../src/model/time.ts'
import { firstVersion } from '../../../src/model/version.ts'
import type { Clock } from '../../../src/ports/clock.ts'
import type { Disk } from '../../../src/ports/journal.ts'
import { type Log, silent } from '../../../src/ports/log.ts'
import type { RecordNet } from '../../../src/ports/record-net.ts'
import { RecordKeeper } from '../../../src/services/records/keeper.ts'
import { RecordStore } from '../../../src/services/records/record-store.ts'
import { certificateFile } from '../../../src/services/records/standing.ts'
import type { Publication } from '../../../src/services/records/types.ts'
import { SimDisk } from '../../../src/simulation/disk.ts'
import { encodeRecord } from '../../../src/wire/record.ts'
import { until, WordAdmission } from '../net.ts'
import { Tally } from '../tally.ts'
import { type MadeRecord, nodeValue } from './records.ts'

export interface RecordHost {
  readonly id: NodeId
  readonly identity: Identity
  readonly host: Host
  readonly disk: Disk
  readonly net: RecordNet
  readonly keeper: RecordKeeper
  readonly store: RecordStore
  readonly metrics: Tally
  readonly stop: () => Promise<void>
}

export interface HostOptions {
  readonly identity?: Identity
  readonly disk?: Disk
  readonly datastore?: Datastore
  readonly clock?: Clock
  readonly dht?: Partial<DhtSettings>
  readonly log?: Log
}

export class RecordHosts {
  readonly network: Network
  readonly all: RecordHost[] = []
  readonly #witness = newIdentity()

  constructor(name = 'lab') {
    const none = { issuers: [], feeBps: 0, feeTo: null, claimTime: day, createdAt: 0 }
    this.network = networkOf({ name, witnesses: [this.#witness.id], faulty: 0, ...none })
  }

  certificateFor(id: NodeId): Uint8Array {
    return certifyIssuer(this.#witness.signer, this.network.id, id, Date.now() + 20 * day)
  }

  /** Not connected to anybody yet. */
  async add({ identity = newIdentity(), clock = systemClock, log = silent, ...options }: HostOptions = {}) {
    const disk = options.disk ?? new SimDisk({ random: systemRandom })
    await disk.writeBlob(certificateFile, this.certificateFor(identity.id))
    const metrics = new Tally()
    const shared = { clock, log, metrics, random: systemRandom }
    const judging = { ...shared, network: this.network, verifier: createVerifier(), disk }
    const keeper = new RecordKeeper(judging)
    const settings = { ...defaultDhtSettings, ...options.dht }
    const { extras, net } = createDht({ ...shared, network: this.network.id, guard: keeper, settings })
    const host = await createHost({
      ...{ identity, clock, log: silent, metrics, extras, mesh: meshId(this.network.id) },
      ...{ software: '0.0.0-test', applies: firstVersion, admission: new WordAdmission() },
      settings: { ...defaultHostSettings, mdns: false, listen: ['/ip4/127.0.0.1/tcp/0'] },
      addressesOf: (node) => this.all.find(({ id }) => id === node)?.host.peers.addresses() ?? [],
      ...(options.datastore === undefined ? {} : { datastore: options.datastore }),
    })
    const store = new RecordStore({ ...judging, ...host, net, keeper, signer: identity.signer })
    await store.files.start()
    await host.service.start()
    await store.start()
    const stop = async (): Promise<void> => {
      await store.stop()
      await host.service.stop()
      await store.files.stop()
    }
    const made: RecordHost = { id: identity.id, identity, host, disk, net, keeper, store, metrics, stop }
    this.all.push(made)
    return made
  }

  /** So many, each connected to the first and told of the others by the table itself. */
  async addMany(count: number, options: HostOptions = {}): Promise<readonly RecordHost[]> {
    for (let i = 0; i < count; i += 1) await this.connect(await this.add(options))
    await until('all know of each other', () =>
      this.all.every((each) => each.host.peers.up().length >= 1 || count === 1),
    )
    return this.all
  }

  /** To the first, as one connects to a bootstrap peer. */
  async connect(joining: RecordHost): Promise<void> {
    const [first] = this.all
    if (first === undefined || first === joining) return
    await joining.host.peers.connect(first.id, first.host.peers.addresses(), AbortSignal.timeout(10_000))
  }

  /** Until each has so many peers in its table. */
  async settled(peers: number, limit = 30_000): Promise<void> {
    for (const { net } of this.all) {
      for (const end = performance.now() + limit; (await net.closest('/any/key')).length < peers;) {
        if (performance.now() > end) throw new Error(`a table does not fill to ${peers}`)
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
    }
  }

  /** A record of whoever is named, as it would issue it. */
  made({ signer }: Identity, software = '1.0.0', parts: Partial<NewRecord> = {}): MadeRecord {
    const issuedAt = parts.issuedAt ?? Date.now()
    const record = sealRecord(
      {
        ...{ network: this.network.id, namespace: 'claw-node', id: signer.id, sequence: 1n, kind: 'put' },
        ...{ issuedAt, endOfLife: issuedAt + hour, certificate: this.certificateFor(signer.id) },
        ...{ payload: writePayload(nodeValue(software)), ...parts },
      },
      signer,
    )
    return { key: recordKey(record), bytes: encodeRecord(record), record }
  }

  async stop(): Promise<void> {
    for (const { stop } of this.all.splice(0)) await stop()
  }
}

/** What a host says of itself. */
export const publicationOf = ({ id }: Pick<RecordHost, 'id'>, software = '1.0.0'): Publication => ({
  ...{ namespace: 'claw-node', id, value: nodeValue(software), life: 2 * hour, until: Date.now() + day },
})
