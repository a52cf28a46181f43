/** A peer of plain libp2p that takes part in the table, believes everything, and does with records what it likes. */
import { identify } from '@libp2p/identify'
import { kadDHT, MessageType, passthroughMapper, Record as StoredRecord } from '@libp2p/kad-dht'
import { noise } from '@libp2p/noise'
import { peerIdFromString } from '@libp2p/peer-id'
import { ping } from '@libp2p/ping'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'
import { type Asked, type Dht, withParts } from '../../../src/adapters/libp2p/dht-parts.ts'
import { type NodeId, nodeId } from '../../../src/model/ids.ts'
import { recordNamespaces } from '../../../src/model/record.ts'
import { until } from '../net.ts'
import type { RecordHost } from './record-hosts.ts'
import type { MadeRecord } from './records.ts'

const path = { index: -1, queued: 0, running: 0, total: 0 }
const anything = Object.fromEntries(recordNamespaces.map((name) => [name, () => {}]))

const create = (network: string) =>
  createLibp2p({
    addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    connectionMonitor: { enabled: false },
    services: {
      identify: identify(),
      ping: ping(),
      dht: kadDHT({
        protocol: `/clawbernetes/${network}/kad/1.0.0`,
        clientMode: false,
        allowQueryWithZeroPeers: true,
        peerInfoMapper: passthroughMapper,
        validators: anything,
        selectors: Object.fromEntries(recordNamespaces.map((name) => [name, () => 0])),
      }),
    },
  })

export interface Told {
  readonly value: Uint8Array | null
  readonly providers: number
}

export class HostileRecordPeer {
  readonly id: NodeId
  readonly dht: Dht
  readonly #node: Awaited<ReturnType<typeof create>>

  private constructor(node: Awaited<ReturnType<typeof create>>) {
    this.#node = node
    this.id = nodeId(node.peerId.toString())
    this.dht = withParts(node.services.dht)
  }

  /** Connected to all of these, and known to their tables. */
  static async join(network: string, hosts: readonly RecordHost[]): Promise<HostileRecordPeer> {
    const peer = new HostileRecordPeer(await create(network))
    await peer.meets(hosts)
    return peer
  }

  /** Connects to these, too. */
  async meets(hosts: readonly RecordHost[]): Promise<void> {
    for (const { host } of hosts) await this.#node.dial(multiaddr(host.peers.addresses()[0] ?? ''))
    for (const { net } of hosts) {
      let known: readonly NodeId[] = []
      const look = (): void => {
        net
          .closest('/any/key')
          .then((found) => (known = found))
          .catch(() => 'looked again')
      }
      await until('the hosts know the hostile peer', () => {
        look()
        return known.includes(this.id)
      })
    }
  }

  /** What it answers from now on when it is asked; null for nothing at all. */
  behaves(answer: (message: Asked & { readonly type: MessageType }) => object | null): void {
    const { rpc } = this.dht
    const honest = rpc.handleMessage.bind(rpc)
    rpc.handleMessage = async (from, message) => {
      const told = answer(message as Asked & { readonly type: MessageType })
      return told ?? honest(from, message)
    }
  }

  /** Serves this record, whatever it is given instead, and refuses to take that. */
  staysWith({ key, bytes }: MadeRecord): void {
    const name = Buffer.from(key)
    this.behaves(({ type, key: asked = new Uint8Array(0) }) => {
      if (type === MessageType.PUT_VALUE) throw new Error('it takes nothing')
      if (type !== MessageType.GET_VALUE || !name.equals(asked)) return null
      const record = new StoredRecord(name, bytes, new Date()).serialize()
      return { type, key: name, record, closer: [], providers: [] }
    })
  }

  /** Whether the host says that it keeps it. */
  async puts(to: RecordHost, { key, bytes }: Pick<MadeRecord, 'key' | 'bytes'>): Promise<boolean> {
    const name = Buffer.from(key, 'latin1')
    const record = new StoredRecord(name, bytes, new Date()).serialize()
    return this.sends(to, { type: MessageType.PUT_VALUE, key: name, record }).then((told) => told !== null)
  }

  async gets(from: RecordHost, key: string): Promise<Uint8Array | null> {
    const told = await this.sends(from, { type: MessageType.GET_VALUE, key: Buffer.from(key) })
    return told?.value ?? null
  }

  /** Any message. Null when the host ends the stream instead of answering. */
  async sends(to: RecordHost, message: object): Promise<Told | null> {
    const signal = AbortSignal.timeout(5_000)
    const events = this.dht.network.sendRequest(peerIdFromString(to.id), message as never, { signal, path })
    for await (const event of events)
      if (event.name === 'PEER_RESPONSE')
        return { value: event.record?.value ?? null, providers: event.providers.length }
    return null
  }

  async stop(): Promise<void> {
    await this.#node.stop()
  }
}
