/** The libp2p node itself: which transports and services it is made of. */
import { autoNAT } from '@libp2p/autonat'
import { circuitRelayServer, circuitRelayTransport } from '@libp2p/circuit-relay-v2'
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys'
import { dcutr } from '@libp2p/dcutr'
import { identify } from '@libp2p/identify'
import type { ComponentLogger, ConnectionGater, Logger, PeerInfo } from '@libp2p/interface'
import { mdns } from '@libp2p/mdns'
import { encryption } from './encryption.ts'
import { ping } from '@libp2p/ping'
import { preSharedKey } from '@libp2p/pnet'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { createLibp2p, type Libp2pOptions } from 'libp2p'
import { createHash } from 'node:crypto'
import type { MeshId, NodeId } from '../../model/ids.ts'
import { gatedGossipsub } from './gossip.ts'
import type { GossipGate } from './gossip-gate.ts'
import type { HostSettings } from './settings.ts'

export type Datastore = NonNullable<Libp2pOptions['datastore']>

/** Services of libp2p beside those that every host has, by name. Whoever gives one keeps what its factory makes, which starts and stops with the node. */
export type Extras = Readonly<Record<string, (components: ServiceComponents) => unknown>>
type ServiceComponents = Parameters<NonNullable<Libp2pOptions['services']>[string]>[0]

export interface NodeInit {
  /** Private half of the Ed25519 key, 32 bytes. */
  readonly seed: Uint8Array
  readonly mesh: MeshId
  readonly software: string
  readonly settings: HostSettings
  readonly gater: ConnectionGater
  readonly gate: GossipGate
  /** Gossipsub has given up reading a peer's stream. */
  readonly onGossipBroken: (peer: NodeId, error: Error) => void
  /** A peer says by multicast that it is of this mesh, and where; it says so again and again. */
  readonly onFound: (peer: PeerInfo) => void
  readonly datastore: Datastore | null
  readonly extras: Extras
}

export async function createNode(init: NodeInit) {
  const { seed, mesh, software, settings, gater, gate, datastore, extras } = init
  const { relayClient, relayServer, autonat, holePunching, maxConnections, inboundPerSecond, dialTimeout } = settings
  return createLibp2p({
    start: false,
    privateKey: await generateKeyPairFromSeed('Ed25519', seed),
    nodeInfo: { name: 'clawnode', version: software, userAgent: `clawnode/${software}` },
    logger: mute,
    addresses: {
      listen: [...settings.listen, ...(relayClient ? ['/p2p-circuit'] : [])],
      announce: [...settings.announce],
    },
    transports: [tcpFrom(settings.dialFrom), ...(relayClient || holePunching ? [circuitRelayTransport()] : [])],
    connectionEncrypters: [encryption()],
    streamMuxers: [yamux({ enableKeepAlive: false })],
    connectionManager: {
      maxConnections,
      dialTimeout,
      addressDialTimeout: dialTimeout,
      inboundConnectionThreshold: inboundPerSecond,
      maxIncomingPendingConnections: 64,
      reconnectRetries: 0,
    },
    // Our own pings on the control lane see a dead peer as fast and cost a hundredth: these open a stream for each.
    connectionMonitor: { enabled: false },
    connectionGater: gater,
    ...protector(settings.networkKey),
    ...(datastore === null ? {} : { datastore }),
    peerDiscovery: settings.mdns ? [multicast(serviceTag(mesh), init.onFound)] : [],
    services: {
      identify: identify(),
      ping: ping(),
      // After those that they may ask for.
      ...extras,
      pubsub: gatedGossipsub(gate, init.onGossipBroken),
      ...(autonat ? { autonat: autoNAT() } : {}),
      ...(holePunching ? { dcutr: dcutr() } : {}),
      ...(relayServer
        ? { relay: circuitRelayServer({ reservations: { applyDefaultLimit: false, maxReservations: 128 } }) }
        : {}),
    },
  })
}

export type Node = Awaited<ReturnType<typeof createNode>>

/** Libp2p itself tells only of peers that it has never seen, and also of those that it was told of by strangers. */
function multicast(tag: string, onFound: NodeInit['onFound']): ReturnType<typeof mdns> {
  const make = mdns({ interval: 10_000, serviceTag: tag })
  return (components) => {
    const discovery = make(components)
    discovery.addEventListener('peer', ({ detail }) => onFound(detail))
    return discovery
  }
}

/** Two meshes on one LAN must not find each other. Hashed, because the name is shouted to everybody there. */
const serviceTag = (mesh: MeshId): string =>
  `_claw-${createHash('sha256').update(mesh).digest('hex').slice(0, 16)}._udp.local`

/** TCP whose connections come from this local address, or from one that the system chooses. */
export function tcpFrom(address: string | null): ReturnType<typeof tcp> {
  if (address === null) return tcp()
  // All of it goes to the system's connect; libp2p's type names only a part.
  const dialOpts = { noDelay: true, localAddress: address }
  return tcp({ dialOpts })
}

/** The pre-shared key in the one form that libp2p reads. */
export function protector(key: Uint8Array | null): Pick<Libp2pOptions, 'connectionProtector'> {
  if (key === null) return {}
  const text = `/key/swarm/psk/1.0.0/\n/base16/\n${Buffer.from(key).toString('hex')}`
  return { connectionProtector: preSharedKey({ psk: Buffer.from(text) }) }
}

/** libp2p tells what it does in hundreds of lines a second, by way of the `debug` package. None of it goes into our log. */
const silentLogger: Logger = Object.assign(() => {}, {
  error() {},
  trace() {},
  enabled: false,
  newScope: () => silentLogger,
})
export const mute: ComponentLogger = { forComponent: () => silentLogger }
