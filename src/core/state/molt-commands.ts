/** The commands on the MOLT network that the mesh takes part in, and what its nodes say of their own part. */
import type { z } from 'zod'
import type { NodeId } from '../../model/ids.ts'
import type { MoltPart } from '../../model/molt.ts'
import type { Instant } from '../../model/time.ts'
import type { Genesis } from '../molt/network.ts'

/** The rules of a network as they are written: amounts are digits. */
export type WrittenGenesis = z.input<typeof Genesis>

export interface MoltNetwork {
  readonly id: string
  readonly genesis: WrittenGenesis
  /** Where its hosts were when the mesh joined it, each ending in `/p2p/<party>`; none where the mesh made it. */
  readonly bootstrap: readonly string[]
  readonly since: Instant
  readonly by: string
}

export interface MoltState {
  /** Null until the mesh takes part in one. */
  readonly moltNetwork: MoltNetwork | null
  /** What each node says of its part. One that takes none has no entry. */
  readonly moltParts: ReadonlyMap<NodeId, MoltPart>
}

export type MoltCommand =
  /** The first counts: while the mesh takes part in one, only where its hosts are can be changed. */
  | {
      readonly type: 'set-molt-network'
      readonly genesis: WrittenGenesis
      readonly bootstrap: readonly string[]
    }
  | { readonly type: 'leave-molt-network'; readonly network: string }
  /** A node says what its part is; null that it has none. */
  | { readonly type: 'report-molt'; readonly node: NodeId; readonly part: MoltPart | null }
