/** How a node takes part in a MOLT network: what it lends of its own GPUs, if anything. */
import type { NodeId } from './ids.ts'
import type { Instant } from './time.ts'

/**
 * What a node that takes part lends: `conservative` only while it has nothing else to do, `moderate` what its own mesh leaves unused,
 * `aggressive` as much as it can get paid for. With `buy-only` it lends nothing.
 */
export const moltModes = ['conservative', 'moderate', 'aggressive', 'buy-only'] as const
export type MoltMode = (typeof moltModes)[number]

/** What a node has told its mesh of its part in the network. */
export interface MoltPart {
  /** The key by which strangers know it: never the node's own. */
  readonly party: NodeId
  /** Null for a witness that neither lends nor buys. */
  readonly mode: MoltMode | null
  readonly since: Instant
  /** Where strangers reach it, each ending in `/p2p/<party>`. */
  readonly addresses: readonly string[]
}
