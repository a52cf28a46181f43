/** WireGuard on hosts that are not there: two interfaces agree on keys when each has the other's as a peer. What routes a host had is kept. */
import type { TunnelConfig } from '../../src/core/overlay/render.ts'
import { ClawError } from '../../src/model/failure.ts'
import type { Tunnel, TunnelBridge, TunnelPeerState, Tunnels, TunnelState } from '../../src/ports/tunnels.ts'
import { tunnelKeys } from '../../src/adapters/keys/tunnel-keys.ts'
import type { World } from '../../src/simulation/world.ts'

interface Made {
  readonly tunnel: Tunnel
  readonly publicKey: string
  readonly config: Pick<TunnelConfig, 'port'>
  readonly peers: ReadonlyMap<
    string,
    { readonly allowed: readonly string[]; readonly endpoint: string | null; readonly keepalive: boolean }
  >
}

/** All hosts, by which interfaces find each other. */
export class Ether {
  readonly world: World
  readonly hosts: SimTunnels[] = []
  /** Pairs of hosts that nothing gets from one to the other of. */
  walls: readonly (readonly [SimTunnels, SimTunnels])[] = []

  constructor(world: World) {
    this.world = world
  }

  /** Both have each other, and one of them sends something. */
  agree(one: Made, key: string): boolean {
    const [there, other] = this.#whoHas(key)
    const back = other?.peers.get(one.publicKey)
    const [here] = this.#whoHas(one.publicKey)
    if (
      back === undefined ||
      this.walls.some((ends) => ends.some((end) => end === here) && ends.some((end) => end === there))
    )
      return false
    return one.peers.get(key)?.keepalive === true || back.keepalive
  }

  #whoHas(key: string): readonly [SimTunnels, Made] | readonly [] {
    for (const host of this.hosts)
      for (const made of host.made.values()) if (made.publicKey === key) return [host, made]
    return []
  }
}

export class SimTunnels implements Tunnels {
  /** Interfaces that what is behind bridges is kept out of. */
  readonly fenced = new Map<string, TunnelBridge | null>()
  /** What each was fenced with, one after the other. */
  readonly fences: (TunnelBridge | null)[] = []
  readonly made = new Map<string, Made>()
  readonly files = new Map<string, string>()
  readonly addressesHere: readonly string[]
  /** After each change of an interface: which range goes by which. */
  readonly routed: ReadonlyMap<string, string>[] = []
  obstacleHere: string | null = null
  /** Why no interface is set up, in the words of a tool. */
  failure: string | null = null
  /** Keys that were agreed on stay so. */
  readonly #agreed = new Map<string, number>()
  readonly #ether: Ether

  constructor(ether: Ether, addresses: readonly string[]) {
    this.#ether = ether
    this.addressesHere = addresses
    ether.hosts.push(this)
  }

  obstacle(): Promise<string | null> {
    return Promise.resolve(this.obstacleHere)
  }

  write({ name, quick }: Tunnel): Promise<{ setconf: string; quick: string }> {
    this.files.set(name, quick)
    return Promise.resolve({ setconf: `/overlay/${name}.setconf`, quick: `/overlay/${name}.conf` })
  }

  async apply(tunnel: Tunnel): Promise<void> {
    if (this.failure !== null) throw new ClawError('OVERLAY_FAILED', { problem: this.failure })
    const before = this.fenced.get(tunnel.name) ?? null
    const bridge = tunnel.bridge === 'unknown' ? before : tunnel.bridge
    this.fenced.set(tunnel.name, bridge)
    this.fences.push(bridge)
    await this.#moment()
    this.made.set(tunnel.name, read(tunnel))
    // A range that goes another way now does not go the old way any more.
    for (const [name, { tunnel: other, ...rest }] of this.made)
      if (name !== tunnel.name)
        this.made.set(name, {
          ...rest,
          tunnel: { ...other, routes: other.routes.filter((range) => !tunnel.routes.includes(range)) },
        })
    this.#note()
  }

  async look(name: string): Promise<TunnelState | null> {
    await this.#moment()
    const made = this.made.get(name)
    if (made === undefined) return null
    return {
      isFenced: this.fenced.has(name),
      publicKey: made.publicKey,
      port: made.config.port,
      peers: [...made.peers.keys()].map((key) => this.#peer(made, key)),
    }
  }

  exists(name: string): boolean {
    return this.made.has(name)
  }

  async remove(name: string): Promise<void> {
    await this.#moment()
    this.made.delete(name)
    this.fenced.delete(name)
    await this.removeFiles(name)
    this.#note()
  }

  removeFiles(name: string): Promise<void> {
    this.files.delete(name)
    return Promise.resolve()
  }

  pathMtu(): Promise<number | null> {
    return Promise.resolve(1_500)
  }

  addresses(): readonly string[] {
    return this.addressesHere
  }

  echo(): never {
    throw new ClawError('OVERLAY_FAILED', { problem: 'there are no packets here' })
  }

  /** Running a tool takes a while, in which the mesh goes on. */
  #moment(): Promise<void> {
    return new Promise((resolve) => this.#ether.world.after(5 + this.#ether.world.next() * 200, resolve))
  }

  #note(): void {
    const pairs = [...this.made].flatMap(([name, { tunnel }]) => tunnel.routes.map((range) => [range, name] as const))
    this.routed.push(new Map(pairs))
  }

  #peer(made: Made, key: string): TunnelPeerState {
    const pair = [made.publicKey, key].toSorted().join()
    const now = this.#ether.world.now()
    if (this.#agreed.has(pair) || this.#ether.agree(made, key)) this.#agreed.set(pair, now)
    const { allowed = [], endpoint = null } = made.peers.get(key) ?? {}
    const handshakeAt = this.#agreed.get(pair) ?? null
    return { publicKey: key, endpoint, allowed, handshakeAt, receivedBytes: 0, sentBytes: 0 }
  }
}

/** As the tool reads the file that it is given. */
function read(tunnel: Tunnel): Made {
  const [head = '', ...peers] = tunnel.setconf.split('[Peer]')
  const field = (text: string, name: string): string | null =>
    new RegExp(`^${name} = (.*)$`, 'm').exec(text)?.[1] ?? null
  return {
    tunnel,
    publicKey: tunnelKeys.publicOf(field(head, 'PrivateKey') ?? ''),
    config: { port: Number(field(head, 'ListenPort')) },
    peers: new Map(
      peers.map((text) => [
        field(text, 'PublicKey') ?? '',
        {
          allowed: field(text, 'AllowedIPs')?.split(', ') ?? [],
          endpoint: field(text, 'Endpoint'),
          keepalive: field(text, 'PersistentKeepalive') !== 'off',
        },
      ]),
    ),
  }
}
