/** The market as the operations of a node see it. */
import type { NodeId } from '../../model/ids.ts'
import type { MoltMode } from '../../model/molt.ts'
import type { Participation } from './part-file.ts'
import type { MoltPlane } from './plane.ts'

export interface MoltStatus {
  /** Null for a node that takes no part. */
  readonly part: Participation | null
  /** Null before the node has needed a key there. */
  readonly party: NodeId | null
  readonly isWitness: boolean
  /** Its market host is up. */
  readonly isConnected: boolean
  /** Why it is not, though it should be. */
  readonly problem: string | null
  /** Parties that its host is linked to now. */
  readonly peers: readonly NodeId[]
  readonly addresses: readonly string[]
}

export interface Molt {
  status(): MoltStatus
  /** Who this node is in any MOLT network. Makes the key where there is none. */
  identity(): Promise<NodeId>
  /** Returns once its host is up. Throws MOLT_NO_NETWORK, and why the host cannot be: then nothing has changed. */
  join(mode: MoltMode): Promise<void>
  leave(): Promise<void>
  /** Throws MOLT_NOT_CONNECTED. */
  plane(): MoltPlane
}
