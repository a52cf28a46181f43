/** What the overlay's service needs, and what it tells. */
import type { NodeId } from '../../model/ids.ts'
import type { MeshId } from '../../model/ids.ts'
import type { Clock } from '../../ports/clock.ts'
import type { ContainerNetworks, HostBridges } from '../../ports/container-network.ts'
import type { Disk } from '../../ports/journal.ts'
import type { Sealer, TunnelKeys } from '../../ports/keys.ts'
import type { Log } from '../../ports/log.ts'
import type { Signer, Verifier } from '../../ports/signer.ts'
import type { TunnelFiles, TunnelPeerState, Tunnels } from '../../ports/tunnels.ts'
import type { TunnelConfig } from '../../core/overlay/render.ts'
import type { Control } from '../control/types.ts'

/** Addresses that do not count, such as those of the overlay itself: connections are made over it as well. */
type Except = (address: string) => boolean

/** Where others are, and where they see this node, as the connections to them tell. */
export interface Sights {
  /** IP address at the other end of a connection to the node; null where there is none, or others relay it. */
  seenAt(node: NodeId, except: Except): string | null
  /** IP addresses at which members see this node. */
  observed(except: Except): readonly string[]
}

export interface OverlayDeps {
  readonly self: NodeId
  readonly mesh: MeshId
  readonly control: Pick<Control, 'state' | 'onChange' | 'execute'>
  readonly clock: Clock
  readonly log: Log
  readonly disk: Pick<Disk, 'readBlob' | 'writeBlob' | 'removeBlob'>
  readonly signer: Signer
  readonly verifier: Pick<Verifier, 'verify'>
  readonly sealer: Pick<Sealer, 'agree'>
  readonly keys: TunnelKeys
  readonly tunnels: Tunnels
  /** Of the engine that runs containers here; null where none does. */
  readonly networks: ContainerNetworks | null
  readonly bridges: HostBridges
  /** Interfaces were made, or changed. */
  readonly onLanes: () => void
  readonly sights: Sights
  /** The key that the owner of the host has chosen; null where the node makes its own. Throws CONFIG_INVALID. */
  readonly givenKey: () => Promise<string | null>
}

/** What the owner of the host has said. */
export interface OverlaySetup {
  /** The host takes part where the mesh has an overlay. */
  readonly takesPart: boolean
  /** Whether the daemon sets interfaces up where it may; otherwise it only writes files. */
  readonly manages: boolean
  /** What the names of the interfaces begin with. */
  readonly prefix: string
  /** Of the first lane; the second listens at the next. */
  readonly port: number
  /** Where others reach this host, HOST or HOST:PORT, before what is found out. */
  readonly endpoints: readonly string[]
  /** Null to find it out. */
  readonly mtu: number | null
  /** The interfaces stay when the daemon stops. */
  readonly stays: boolean
}

/** One lane as it was last set up, or written down. */
export interface LaneLook {
  readonly generation: number
  readonly name: string
  readonly config: TunnelConfig
  readonly publicKey: string
  readonly files: TunnelFiles
  readonly peers: readonly {
    readonly node: NodeId
    readonly config: TunnelConfig['peers'][number]
    /** Null until the interface has it. */
    readonly state: TunnelPeerState | null
  }[]
}

export interface OverlayLook {
  readonly mode: 'off' | 'apart' | 'managed' | 'manual'
  readonly problems: readonly string[]
  readonly lanes: readonly LaneLook[]
}
