/** The overlay: one private network over all hosts of the mesh, whatever lies between them. */
import type { NodeId } from './ids.ts'
import type { Instant } from './time.ts'

/** Of the whole mesh. The ranges stay as they are while the overlay is on: addresses follow from them. */
export interface OverlaySettings {
  /** Range of the nodes' own addresses, such as 10.100.0.0/16. */
  readonly nodes: string
  /** Range of the addresses of containers, of which each node has a part. */
  readonly containers: string
  /** Prefix length of the part that a node has. */
  readonly containerBits: number
  /** Every pair of nodes has a secret besides its keys. */
  readonly presharedKeys: boolean
  /** Up to so many nodes each talks to each; above, some pass on for the others. */
  readonly meshUpTo: number
}

export const defaultOverlay: OverlaySettings = {
  nodes: '10.100.0.0/16',
  containers: '10.200.0.0/16',
  containerBits: 24,
  presharedKeys: false,
  meshUpTo: 50,
}

/** Under which key, and at which UDP port, a node takes packets of one generation. */
export interface OverlayLane {
  /** Rises with every rotation of keys. While one lasts, nodes have two lanes: the present one, and the next. */
  readonly generation: number
  /** X25519, base64. */
  readonly publicKey: string
  /** By the node's own key, over all of `laneText`, base64: nobody else can put a key in its name into the overlay. */
  readonly signature: string
  readonly port: number
}

/** What a node said of itself to the others of the overlay. */
export interface OverlayNode {
  readonly node: NodeId
  /** Which address and which part of the containers' range are its own. From 1; never of two nodes, and its own until it leaves the mesh. */
  readonly slot: number
  /** Oldest first. None while it takes no part, as its owner may want. */
  readonly lanes: readonly OverlayLane[]
  /** HOST, or HOST:PORT for a port other than that of the lane; best first. */
  readonly endpoints: readonly string[]
  /** Packets that come by themselves do not reach it unless it has sent some there before. */
  readonly isBehindNat: boolean
  /** Its daemon sets the interface up; otherwise its owner does, from a file. */
  readonly isManaged: boolean
  /** Newest generation that all of its traffic goes by. */
  readonly moved: number
  /** Whom it does not reach by itself, so that another passes on what the two send each other. Left out for nobody. */
  readonly detours?: readonly NodeId[]
}

export interface OverlayRotation {
  readonly generation: number
  /** Who takes a new key; null for all. The others go on to the new generation with the key that they have. */
  readonly fresh: readonly NodeId[] | null
  readonly since: Instant
}

export interface Overlay {
  readonly settings: OverlaySettings
  /** That all traffic goes by, but for what a rotation has moved on already. */
  readonly generation: number
  readonly rotation: OverlayRotation | null
  readonly nodes: ReadonlyMap<NodeId, OverlayNode>
}

/** Nodes with this label pass packets on for others where not everybody talks to everybody; without any, voters do. */
export const hubLabel = 'overlay-hub'

/** What the signature of a lane covers. */
export const laneText = (node: NodeId, generation: number, publicKey: string): string =>
  `${node} ${generation} ${publicKey}`

export const laneTag = 'claw/overlay-lane/1'
