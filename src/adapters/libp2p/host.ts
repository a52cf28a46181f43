/** This peer's place in the network: the Rpc, Gossip and Peers ports on top of one libp2p node. */
import { ClawError } from '../../model/failure.ts'
import type { Connection, ConnectionGater, PeerId } from '@libp2p/interface'
import { type MeshId, type NodeId, nodeId } from '../../model/ids.ts'
import { overlap, rangeInWords, rangeOfNumbers, type VersionRange } from '../../model/version.ts'
import { type Admission, removedReason } from '../../ports/admission.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Gossip } from '../../ports/gossip.ts'
import type { Log } from '../../ports/log.ts'
import type { Metrics } from '../../ports/metrics.ts'
import type { Peers } from '../../ports/peers.ts'
import type { Lane, Rpc } from '../../ports/rpc.ts'
import type { Service } from '../../ports/service.ts'
import { frameVersion, helloCodec, laneProtocols } from '../../wire/frame.ts'
import { Conduct } from './conduct.ts'
import { cut } from './cut.ts'
import { Dialler } from './dialler.ts'
import { GossipGate } from './gossip-gate.ts'
import { GossipMender } from './gossip-mender.ts'
import { MeshGossip } from './gossip.ts'
import { Guests } from './guests.ts'
import { Handlers } from './handlers.ts'
import type { LinkContext } from './lane-channel.ts'
import type { Link } from './link.ts'
import { Links, notAMember } from './links.ts'
import { loop } from './loop.ts'
import { createNode, type Datastore, type Extras, type Node } from './node.ts'
import { removalNotice } from './removal-notice.ts'
import { LinkRpc } from './rpc.ts'
import { sights, type Sights } from './sights.ts'
import type { HostSettings } from './settings.ts'

export interface HostInit {
  readonly identity: { readonly id: NodeId; readonly seed: Uint8Array }
  readonly mesh: MeshId
  /** Version of this program, shown to peers. */
  readonly software: string
  /** The state versions that this build applies. */
  readonly applies: VersionRange
  readonly settings: HostSettings
  readonly admission: Admission
  /** Where the mesh's state says that a member can be dialled. */
  readonly addressesOf: (node: NodeId) => readonly string[]
  /** Another network that the host is in, if it is in one. */
  readonly tailnet?: Tailnet
  readonly log: Log
  readonly metrics: Metrics
  readonly clock: Clock
  /** Keeps the addresses of peers over a restart. */
  readonly datastore?: Datastore
  readonly extras?: Extras
}

/** What libp2p does not find out by itself. */
export interface Tailnet {
  /** Multiaddrs at which this host is reached there, without a peer id. */
  addresses(): readonly string[]
  /** Of the addresses of a peer, those that lead there and are sure to be open. */
  ways(addresses: readonly string[]): readonly string[]
}

export interface Host {
  readonly rpc: Rpc
  readonly gossip: Gossip
  readonly peers: Peers
  readonly sights: Sights
  /** Listens while it is started. Serve and subscribe before, so that nothing is missed. */
  readonly service: Service
}

/** Makes the host; it does not listen yet. */
export async function createHost(init: HostInit): Promise<Host> {
  const { identity, admission, metrics, clock } = init
  const log = init.log.child('net')
  const handlers = new Handlers()
  const cutOff = (peer: NodeId): void => hangUp(node, peer)
  const conduct = new Conduct({ clock, log, metrics, onBan: cutOff, limits: memberLimits(init.settings) })
  const guestConduct = new Conduct({ clock, log, metrics, onBan: cutOff, limits: { perSecond: 20, burst: 60 } })
  const gate = new GossipGate({ clock, onStranger: (peer) => guestConduct.blame(peer, 'gossip-stranger') })
  const node = await createNode({
    ...init,
    seed: identity.seed,
    gate,
    onGossipBroken(peer, error) {
      if (error.name.startsWith('InvalidDataLength')) conduct.blame(peer, 'gossip-oversized')
      mender.broken(peer)
    },
    onFound: (peer) => dialler.discovered(peer),
    datastore: init.datastore ?? null,
    extras: init.extras ?? {},
    gater: gaterOf({ admission, isBanned: (peer) => isBanned(peer) }),
  })
  const isBanned = (peer: string): boolean => conduct.isBanned(nodeId(peer)) || guestConduct.isBanned(nodeId(peer))
  const links: Links = new Links(
    identity.id,
    { clock, log, conduct, find: (id) => handlers.find(id), ...greetingOf(init, log) },
    (link) => mender.follow(link),
  )
  const mender = new GossipMender({ gate, links, clock, log, metrics })
  const guests = new Guests({
    clock,
    log,
    conduct: guestConduct,
    maxGuests: init.settings.maxGuests,
    isLink: (connection) => links.has(connection),
  })
  const dialler: Dialler = new Dialler({
    self: identity.id,
    node,
    links,
    log,
    addressesOf: init.addressesOf,
    ways: (addresses) => init.tailnet?.ways(addresses) ?? [],
    elapsed: () => clock.elapsed(),
  })
  serveGuests({ node, handlers, guests, log })
  return {
    rpc: new LinkRpc({
      self: identity.id,
      clock,
      handlers,
      loop: loop({ from: identity.id, clock, log, find: (id) => handlers.find(id), blame: blameSelf }),
      route: (peer, lane) => routeOf(links.current(peer), lane),
      connect: (peer, signal) => dialler.reach(peer, signal),
    }),
    gossip: new MeshGossip({ mesh: init.mesh, pubsub: node.services.pubsub, log, metrics }),
    peers: {
      self: identity.id,
      up: () => links.up(),
      onChange: (listener) => links.onChange(listener),
      addresses: () => addressesOf(node, init),
      connect: (peer, addresses, signal) => dialler.connect(peer, addresses, signal),
      disconnect: (peer) => links.disconnect(peer),
    },
    sights: sights(node, (peer) => admission.isMember(peer)),
    service: hostService({ node, links, guests, mender, admission, log, metrics }),
  }
}

function addressesOf(node: Node, { identity, tailnet }: HostInit): readonly string[] {
  const further = tailnet?.addresses().map((address) => `${address}/p2p/${identity.id}`) ?? []
  return [...new Set([...node.getMultiaddrs().map(String), ...further])]
}

interface Parts {
  readonly node: Node
  readonly links: Links
  readonly guests: Guests
  readonly mender: GossipMender
  readonly admission: Admission
  readonly log: Log
  readonly metrics: Metrics
}

function hostService({ node, links, guests, mender, admission, log, metrics }: Parts): Service {
  const undo: (() => void)[] = []
  const listen = (): void => {
    const opened = ({ detail: connection }: CustomEvent<Connection>): void => {
      metrics.gauge('claw_net_connections', node.getConnections().length)
      if (connection.direction === 'inbound') guests.enter(connection)
      else
        links
          .dialled(connection)
          .catch((error: unknown) => log.error('could not greet a peer that we dialled', { error }))
    }
    const closed = ({ detail: connection }: CustomEvent<Connection>): void => guests.leave(connection)
    node.addEventListener('connection:open', opened)
    node.addEventListener('connection:close', closed)
    undo.push(
      links.onChange(({ peer, up, reset }) => {
        metrics.gauge('claw_net_peers_up', links.up().length)
        log.info(up ? 'peer is up' : 'peer is down', { peer, reset })
      }),
      admission.onRemoved((peer) => links.refuse(peer, notAMember(removedReason))),
      admission.onRenewed(() => links.greet()),
      () => node.removeEventListener('connection:open', opened),
      () => node.removeEventListener('connection:close', closed),
    )
  }
  return {
    name: 'network',
    async start() {
      listen()
      for (const [lane, id] of Object.entries(laneProtocols) as [Lane, string][])
        await node.handle(id, (stream, connection) => links.accept(lane, stream, connection), {
          maxInboundStreams: 4,
          maxOutboundStreams: 4,
          runOnLimitedConnection: true,
        })
      await listening(node)
      links.start()
      guests.start()
      mender.start()
    },
    async stop() {
      mender.stop()
      guests.stop()
      await links.stop()
      await node.stop()
      for (const take of undo.splice(0)) take()
    },
  }
}

/** Throws ADDRESS_IN_USE or CONFIG_INVALID when an address that was asked for cannot be listened on. */
async function listening(node: Node): Promise<void> {
  try {
    await node.start()
  } catch (error) {
    const detail = listenProblem(error)
    if (detail === null) throw error
    const taken = /EADDRINUSE[^\n]*?(\S+:\d+)/.exec(detail)?.[1]
    throw taken === undefined
      ? new ClawError('CONFIG_INVALID', { file: '--listen', problem: detail }, { cause: error })
      : new ClawError('ADDRESS_IN_USE', { address: taken }, { cause: error })
  }
}

/** What libp2p has to say when none of its addresses works; null for other failures. */
function listenProblem(error: unknown): string | null {
  if (!(error instanceof Error) || !/ListenAddress|listen/i.test(`${error.name} ${error.message}`)) return null
  const reasons = error instanceof AggregateError ? error.errors.map(String) : [error.message]
  const plain = reasons
    .join('; ')
    .replace(/\s+/g, ' ')
    .replace(/^.*?NO_FATAL: /, '')
    .replace(/ at \w+[. ].*$/, '')
  return plain.slice(0, 300)
}

/** Protocols for anyone get a libp2p protocol of their own beside their place on the lanes. */
function serveGuests({ node, handlers, guests, log }: Pick<Parts, 'node' | 'guests' | 'log'> & { handlers: Handlers }) {
  handlers.onServed((served) => {
    const { id, audience } = served.bounds
    if (audience !== 'anyone' || served.kind === 'notice') return () => {}
    const failed = (error: unknown): void => log.error('could not change what guests may ask', { id, error })
    node
      .handle(id, (stream, connection) => guests.serve(served, stream, connection), {
        maxInboundStreams: 32,
        runOnLimitedConnection: true,
      })
      .catch(failed)
    return () => {
      // A node that does not run answers nobody, and may have lost its address book already.
      if (node.status === 'started') node.unhandle(id).catch(failed)
    }
  })
}

/** Members relay for members, without limits; nobody else gets anything. Private addresses may be dialled: most meshes are there. */
function gaterOf({
  admission,
  isBanned,
}: Pick<HostInit, 'admission'> & { isBanned: (peer: string) => boolean }): ConnectionGater {
  const isStranger = (peer: PeerId): boolean => !admission.isMember(nodeId(peer.toString()))
  return {
    denyDialMultiaddr: () => false,
    denyInboundEncryptedConnection: (peer) => isBanned(peer.toString()),
    denyInboundRelayReservation: isStranger,
    denyOutboundRelayedConnection: (source, destination) => isStranger(source) || isStranger(destination),
  }
}

const memberLimits = ({ requestsPerSecond }: HostSettings): { perSecond: number; burst: number } => ({
  perSecond: requestsPerSecond,
  burst: 2 * requestsPerSecond,
})

const greetingOf = (init: HostInit, log: Log): Pick<LinkContext, 'hello' | 'refusal' | 'onRefused'> => ({
  hello: () => helloOf(init),
  refusal: refusalOf(init),
  onRefused: removalNotice(log),
})

function helloOf({ admission, mesh, software, applies }: HostInit): Uint8Array {
  const state = { oldestState: applies.oldest, newestState: applies.newest }
  return helloCodec.encode({ certificate: admission.certificate(), mesh, version: frameVersion, software, ...state })
}

function refusalOf({
  mesh,
  admission,
  applies,
  metrics,
  log,
}: HostInit): (hello: Uint8Array, from: NodeId) => ClawError | null {
  const refuse = (error: ClawError, from: NodeId): ClawError => {
    metrics.count('claw_net_hellos_refused_total', { code: error.code })
    log.warn('peer was not let in', { peer: from, reason: error.message })
    return error
  }
  return (payload, from) => {
    const hello = readHello(payload)
    if (hello === null) return refuse(notAMember('its hello cannot be read'), from)
    if (hello.version !== frameVersion)
      return refuse(
        new ClawError('PROTOCOL_MISMATCH', { ours: `frames ${frameVersion}`, theirs: `frames ${hello.version}` }),
        from,
      )
    const theirs = rangeOfNumbers(hello.oldestState, hello.newestState)
    if (!overlap(applies, theirs)) {
      const inWords = { ours: rangeInWords(applies), theirs: rangeInWords(theirs) }
      return refuse(new ClawError('PROTOCOL_MISMATCH', inWords), from)
    }
    if (hello.mesh !== mesh) return refuse(notAMember('it belongs to another mesh'), from)
    const check = admission.check(hello.certificate, from)
    return check.ok ? null : refuse(notAMember(check.reason), from)
  }
}

function readHello(payload: Uint8Array) {
  try {
    return helloCodec.decode(payload)
  } catch {
    // Anything can arrive here; what cannot be read is refused by the caller, which says so.
    return null
  }
}

function routeOf(link: Link | undefined, lane: Lane) {
  if (link === undefined) return null
  const { calls, pipe } = link.lane(lane)
  return { calls, pipe }
}

const blameSelf = (reason: string): void => {
  throw new Error(`we broke our own protocol: ${reason}`)
}

function hangUp(node: Node, peer: NodeId): void {
  for (const connection of node.getConnections())
    if (connection.remotePeer.toString() === peer) cut(connection, new Error('it broke the protocol too often'))
}
