/** What a node has in its MOLT network while it takes part: who it is there, and how it reaches the others. */
import type { Network } from '../../core/molt/network.ts'
import type { NodeId } from '../../model/ids.ts'
import type { Gossip } from '../../ports/gossip.ts'
import type { Peers } from '../../ports/peers.ts'
import type { Rpc } from '../../ports/rpc.ts'
import type { Service } from '../../ports/service.ts'
import type { Signer } from '../../ports/signer.ts'
import type { Participation } from './part-file.ts'

/** Nothing of it is shared with the mesh: `members` of its protocols are those who are in the same network. */
export interface MoltPlane {
  readonly network: Network
  /** Name of the network, for people. */
  readonly name: string
  /** This node among strangers: the account that it pays from, too. */
  readonly party: NodeId
  readonly signer: Signer
  readonly rpc: Rpc
  readonly gossip: Gossip
  readonly peers: Peers
  /** How this node takes part now; null for a witness that neither lends nor buys. */
  part(): Participation | null
}

/** A plane with all that runs on it. Made by whoever composes the daemon. */
export interface OpenedPlane {
  readonly plane: MoltPlane
  /** Host and all. */
  readonly service: Service
}
