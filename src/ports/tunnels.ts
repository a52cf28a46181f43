/** WireGuard on this host: one interface for each lane of the overlay, and what it says of itself. */
import type { Instant, Millis } from '../model/time.ts'

export interface TunnelBridge {
  readonly name: string
  readonly subnet: string
}

export interface Tunnel {
  /** Of the interface. */
  readonly name: string
  /** The node's own address, without a prefix length. */
  readonly address: string
  readonly mtu: number
  /** What `wg syncconf` reads. */
  readonly setconf: string
  /** The same and more as `wg-quick` reads it. */
  readonly quick: string
  /** Ranges that are sent this way. */
  readonly routes: readonly string[]
  /**
   * Of the mesh's own containers, which may use it by the addresses of that subnet; what is behind other bridges may not. While it is
   * unknown whether there is one, what an earlier daemon has put in place stays.
   */
  readonly bridge: TunnelBridge | 'unknown' | null
}

/** Where the files are; only the daemon's user may read them. */
export interface TunnelFiles {
  readonly setconf: string
  readonly quick: string
}

export interface TunnelPeerState {
  readonly publicKey: string
  /** Where the last packet of it came from, or where it is looked for; null while nobody knows. */
  readonly endpoint: string | null
  readonly allowed: readonly string[]
  /** When keys were last agreed on; null for never. */
  readonly handshakeAt: Instant | null
  readonly receivedBytes: number
  readonly sentBytes: number
}

export interface TunnelState {
  /** Whether what is behind other bridges of this host is kept out of it, as this daemon wants it. */
  readonly isFenced: boolean
  /** Null while it has no key. */
  readonly publicKey: string | null
  readonly port: number
  readonly peers: readonly TunnelPeerState[]
}

export interface Echo {
  readonly sent: number
  readonly received: number
  readonly averageMs: Millis | null
  /** What the tool said instead; null when it did its work. */
  readonly problem: string | null
}

export interface Tunnels {
  /** Why this daemon cannot set up an interface here, in words; null when nothing speaks against it. */
  obstacle(): Promise<string | null>
  /** Writes the files of a lane. Others may be there for other lanes. */
  write(tunnel: Tunnel): Promise<TunnelFiles>
  /** Makes the interface, or changes it to be so, without touching peers that stay as they are. Throws OVERLAY_FAILED. */
  apply(tunnel: Tunnel, signal: AbortSignal): Promise<void>
  /** Null when there is no such interface. Throws OVERLAY_FAILED. */
  look(name: string, signal: AbortSignal): Promise<TunnelState | null>
  /** Is it there? Anybody may ask that. */
  exists(name: string): boolean
  /** Takes the interface, its fence and its files away, as far as they are there. Throws OVERLAY_FAILED. */
  remove(name: string, signal: AbortSignal): Promise<void>
  removeFiles(name: string): Promise<void>
  /** Largest packet that gets to all of these hosts in one piece, as far as this host knows; null when it does not. */
  pathMtu(hosts: readonly string[], signal: AbortSignal): Promise<number | null>
  /** Addresses of this host at which others may reach it, but for those of interfaces whose names begin like this. */
  addresses(except: string): readonly string[]
  /** Sends ICMP echo requests; with `size`, of so many bytes in all, which may not be cut on the way. */
  echo(
    address: string,
    options: {
      readonly from: string
      readonly count: number
      readonly size: number | null
      readonly signal: AbortSignal
    },
  ): Promise<Echo>
}
