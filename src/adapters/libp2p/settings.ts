/** What a host can be told about its network. */
import type { Millis } from '../../model/time.ts'

export interface HostSettings {
  /** Multiaddrs to listen on, such as `/ip4/0.0.0.0/tcp/4710`. */
  readonly listen: readonly string[]
  /** Multiaddrs to tell others instead of those that were found, for hosts behind a port forwarding. */
  readonly announce: readonly string[]
  /** Local address that connections to others come from; null lets the system choose. */
  readonly dialFrom: string | null
  /** Find peers of the same mesh on the LAN. */
  readonly mdns: boolean
  /** Pre-shared key of a private network, 32 bytes; null for none. */
  readonly networkKey: Uint8Array | null
  /** Use relays to be reached by peers that cannot dial this host. */
  readonly relayClient: boolean
  /** Be a relay for others. */
  readonly relayServer: boolean
  /** Ask peers which of our addresses they can dial. */
  readonly autonat: boolean
  /** Upgrade relayed connections to direct ones. */
  readonly holePunching: boolean
  /** A voter is linked to every member, so this bounds the size of a mesh. */
  readonly maxConnections: number
  /** Connections of peers that are no members. */
  readonly maxGuests: number
  /** Connections that one address may open per second. Peers behind one NAT share an address. */
  readonly inboundPerSecond: number
  /** Requests per second of one member, over a long time. */
  readonly requestsPerSecond: number
  readonly dialTimeout: Millis
}

export const defaultHostSettings: HostSettings = {
  listen: ['/ip4/0.0.0.0/tcp/4710'],
  announce: [],
  dialFrom: null,
  mdns: true,
  networkKey: null,
  relayClient: false,
  relayServer: false,
  autonat: false,
  holePunching: false,
  maxConnections: 4_096,
  maxGuests: 32,
  inboundPerSecond: 100,
  requestsPerSecond: 10_000,
  dialTimeout: 5_000,
}
