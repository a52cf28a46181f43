/** The network of an engine by which containers of a host are in the overlay, and what their host lets pass for it. */

export interface ContainerNetwork {
  /** Of the network, and of its bridge on the host. */
  readonly name: string
  /** The node's own part of the containers' range. */
  readonly subnet: string
  readonly mtu: number
  /** Interfaces by which packets for its containers come. */
  readonly tunnels: readonly string[]
}

export interface NetworkLook {
  /** Whose daemon has made it: this node's, another one's, or none of ours. */
  readonly owner: 'self' | 'node' | 'stranger'
  /** Null where the engine does not say. */
  readonly subnet: string | null
  readonly mtu: number | null
  readonly hasIpv6: boolean
  /** How many run on it. */
  readonly containers: number
}

/** What an engine has. Each throws EXECUTOR_UNAVAILABLE when it does not answer. */
export interface ContainerNetworks {
  /** Null when it has none of that name. */
  look(name: string, signal: AbortSignal): Promise<NetworkLook | null>
  /** Null when it is made; else why the engine does not, in its own words. */
  make(wanted: ContainerNetwork, signal: AbortSignal): Promise<string | null>
  /** One that is not there is no error. False while containers are on it. */
  remove(name: string, signal: AbortSignal): Promise<boolean>
}

/** What may pass between a bridge of this host and the world. */
export interface Passage extends Pick<ContainerNetwork, 'name' | 'subnet' | 'tunnels'> {
  /** Ranges of the overlay: whoever is sent something there sees the container's own address. */
  readonly overlay: readonly string[]
}

/** Bridges of this host. Each throws OVERLAY_FAILED. */
export interface HostBridges {
  /** The addresses of the interface, with their prefix lengths; null when there is none of that name. */
  addressesOf(name: string, signal: AbortSignal): Promise<readonly string[] | null>
  /** Has it pass what it should, also where somebody has taken that away. */
  open(passage: Passage, signal: AbortSignal): Promise<void>
  /** What is not there is no error. */
  close(passage: Pick<Passage, 'name' | 'tunnels'>, signal: AbortSignal): Promise<void>
}
