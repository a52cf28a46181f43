/** A peer of plain libp2p that keeps to none of our rules. */
import { createHash } from 'node:crypto'
import { generateKeyPair, generateKeyPairFromSeed } from '@libp2p/crypto/keys'
import { gossipsub } from '@libp2p/gossipsub'
import { identify } from '@libp2p/identify'
import type { Connection, PrivateKey, Stream } from '@libp2p/interface'
import { noise } from '@libp2p/noise'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'
import { type NodeId, nodeId } from '../../src/model/ids.ts'
import type { FrameMessage } from '../../src/wire/frame.ts'
import { frame, frameCodec, FrameKind, frameVersion, helloCodec, laneProtocols } from '../../src/wire/frame.ts'

export interface Lanes {
  readonly control: Stream
  readonly bulk: Stream
}

const create = (privateKey: PrivateKey) =>
  createLibp2p({
    privateKey,
    addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    connectionMonitor: { enabled: false },
    services: {
      identify: identify(),
      pubsub: gossipsub({
        globalSignaturePolicy: 'StrictNoSign',
        allowPublishToZeroTopicPeers: true,
        msgIdFn: ({ data }) => createHash('sha256').update(data).digest(),
        maxInboundDataLength: 2 ** 26,
        maxOutboundBufferSize: 2 ** 26,
      }),
    },
  })

export class HostilePeer {
  readonly id: NodeId
  readonly node: Awaited<ReturnType<typeof create>>
  readonly #pulses: NodeJS.Timeout[] = []

  private constructor(id: NodeId, node: Awaited<ReturnType<typeof create>>) {
    this.id = id
    this.node = node
  }

  /** With the key of this seed, or with one of its own. */
  static async start(seed?: Uint8Array): Promise<HostilePeer> {
    const key = await (seed === undefined ? generateKeyPair('Ed25519') : generateKeyPairFromSeed('Ed25519', seed))
    const node = await create(key)
    const hostile = new HostilePeer(nodeId(peerIdFromPrivateKey(key).toString()), node)
    for (const protocol of Object.values(laneProtocols)) await node.handle(protocol, () => {})
    return hostile
  }

  async dial(addresses: readonly string[]): Promise<Connection> {
    return this.node.dial(multiaddr(addresses[0] ?? ''))
  }

  async lanes(connection: Connection): Promise<Lanes> {
    const control = await connection.newStream(laneProtocols.control)
    const bulk = await connection.newStream(laneProtocols.bulk)
    return { control, bulk }
  }

  /** Shows a certificate on both lanes, as a member would. */
  async greet(connection: Connection, mesh: string, certificate: string | Uint8Array): Promise<Lanes> {
    const lanes = await this.lanes(connection)
    const hello = {
      certificate: Uint8Array.from(Buffer.from(certificate)),
      mesh,
      version: frameVersion,
      software: 'hostile',
      oldestState: 1,
      newestState: 1,
    }
    for (const stream of [lanes.control, lanes.bulk]) {
      send(stream, frame(FrameKind.HELLO, { payload: helloCodec.encode(hello) }))
      send(stream, frame(FrameKind.WELCOME))
    }
    return lanes
  }

  /** Shows life on that link from now on, or it would be given up within some seconds. */
  stay({ control }: Lanes): void {
    const beat = (): void => {
      send(control, frame(FrameKind.PING))
    }
    this.#pulses.push(setInterval(beat, 500))
  }

  /** The stream on which it gossips to the one peer that it is connected to. */
  gossipStream(): Stream {
    const streams = this.node.getConnections().flatMap(({ streams: all }) => all)
    const found = streams.find(
      ({ protocol, direction }) => protocol.startsWith('/meshsub/') && direction === 'outbound',
    )
    if (found === undefined) throw new Error('it gossips with nobody')
    return found
  }

  async stop(): Promise<void> {
    for (const pulse of this.#pulses.splice(0)) clearInterval(pulse)
    await this.node.stop()
  }
}

export function send(stream: Stream, message: FrameMessage): void {
  sendRaw(stream, prefixed(frameCodec.encode(message)))
}

/** Sends unless the other side has already had enough. */
export function sendRaw(stream: Stream, bytes: Uint8Array): void {
  if (stream.writeStatus === 'writable') stream.send(bytes)
}

export function prefixed(body: Uint8Array): Uint8Array {
  const digits: number[] = []
  let rest = body.length
  for (; rest >= 0x80; rest >>>= 7) digits.push((rest & 0x7f) | 0x80)
  return Buffer.concat([Uint8Array.of(...digits, rest), body])
}
