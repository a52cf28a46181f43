/** kad-dht as this project uses it, and what it takes to trust it with records. What is wrong with it otherwise is in docs/decisions. */
import type { PeerId } from '@libp2p/interface'
import { kadDHT, passthroughMapper } from '@libp2p/kad-dht'
import type { RecordGuard, RecordNet } from '../../ports/record-net.ts'
import { nodeId } from '../../model/ids.ts'
import { recordNamespaces } from '../../model/record.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Log } from '../../ports/log.ts'
import type { Metrics } from '../../ports/metrics.ts'
import type { Random } from '../../ports/random.ts'
import { keepCompany } from './dht-company.ts'
import { limitIncoming } from './dht-limits.ts'
import { DhtRecordNet, type RunningDht } from './dht-net.ts'
import { DhtProviders } from './dht-providers.ts'
import { type Dht, withParts } from './dht-parts.ts'
import { dhtPrefix, dhtStore, textOf } from './dht-store.ts'
import type { Extras } from './node.ts'

type Components = Parameters<ReturnType<typeof kadDHT>>[0]

export interface DhtSettings {
  /** To how many peers a record goes, and how many each bucket of the table of peers holds. */
  readonly k: number
  readonly alpha: number
  /** Answers others. False for nodes that nobody can dial: they only ask. */
  readonly isServer: boolean
}

export const defaultDhtSettings: DhtSettings = { k: 20, alpha: 3, isServer: true }

export interface DhtInit {
  /** Of the MOLT network: tables of different networks have nothing in common. */
  readonly network: string
  readonly guard: RecordGuard
  readonly settings: DhtSettings
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly metrics: Metrics
}

export interface DhtParts {
  /** For the host that the table is to run on. It starts and stops with it. */
  readonly extras: Extras
  /** Of use once that host is made. */
  readonly net: RecordNet
}

export function createDht(init: DhtInit): DhtParts {
  const net = new DhtRecordNet(init)
  return {
    net,
    extras: {
      dht: (components) => {
        const running = makeDht(init, components as unknown as Components)
        net.runsOn(running)
        return running.dht
      },
    },
  }
}

function makeDht(init: DhtInit, components: Components): RunningDht {
  const { network, guard, settings, clock, random, metrics } = init
  const { k, alpha, isServer } = settings
  const providers = new DhtProviders({ elapsed: () => clock.elapsed(), chance: () => random.next() })
  const { datastore: inner } = components
  const datastore = dhtStore({ network, inner, guard, providers })
  const make = kadDHT({
    protocol: `/clawbernetes/${network}/kad/1.0.0`,
    datastorePrefix: dhtPrefix(network),
    clientMode: !isServer,
    // Most networks are where addresses are private.
    peerInfoMapper: passthroughMapper,
    kBucketSize: k,
    alpha,
    // A node that is alone stores its own records, and looks again when it is not.
    allowQueryWithZeroPeers: true,
    routingTableUpdateMaxQueueSize: 1_024,
    validators: Object.fromEntries([...recordNamespaces, 'pk'].map((name) => [name, validatorOf(guard)])),
    selectors: Object.fromEntries([...recordNamespaces, 'pk'].map((name) => [name, selectorOf(guard)])),
  })
  const dht = withParts(make({ ...pick(components), datastore }))
  limitIncoming(dht, { elapsed: () => clock.elapsed(), metrics })
  keepCompany(dht, { self: components.peerId, enough: k, clock, log: init.log })
  // Whoever is gone would be asked again and again, and be given what is then nowhere.
  components.events.addEventListener('peer:disconnect', ({ detail: peer }) => forget(dht, peer, init.log))
  tellOfLooks(components.events, init.log)
  return { dht, network, inner, self: nodeId(components.peerId.toString()) }
}

/** Of an event that kad-dht does not declare. */
function tellOfLooks(events: EventTarget, log: Log): void {
  events.addEventListener('kad-dht:query:self', (event) => {
    const { detail } = event as CustomEvent<{ readonly peers: number }>
    log.debug('the table of records has looked around', { peers: detail.peers })
  })
}

/** libp2p hands out its parts one by one, as they are asked for by name. */
const pick = ({
  peerId,
  privateKey,
  registrar,
  addressManager,
  peerStore,
  connectionManager,
  events,
  logger,
  ping,
}: Components): Omit<Components, 'datastore' | 'metrics'> => ({
  ...{ peerId, privateKey, registrar, addressManager, peerStore, connectionManager },
  ...{ events, logger, ping },
})

/** Also for the kinds of record that kad-dht brings with it, which the guard knows nothing of: it would keep any number of public keys. */
const validatorOf = (guard: RecordGuard) => async (key: Uint8Array, value: Uint8Array) => {
  const refusal = await guard.check(textOf(key), value)
  if (refusal !== null) throw new Error(`refused: ${refusal}`)
}

const selectorOf = (guard: RecordGuard) => (_: Uint8Array, values: Uint8Array[]) => guard.select(values)

function forget(dht: Dht, peer: PeerId, log: Log): void {
  if (!dht.isStarted()) return
  dht.routingTable.remove(peer).catch((error: unknown) => log.debug('a peer stays in the table', { error }))
}
