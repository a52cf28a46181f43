/** What a peer of the group is made of. */
import type { Settings } from '../../core/consensus/types.ts'
import type { NodeId } from '../../model/ids.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Disk } from '../../ports/journal.ts'
import type { Log } from '../../ports/log.ts'
import type { Metrics } from '../../ports/metrics.ts'
import type { Peers } from '../../ports/peers.ts'
import type { Rpc } from '../../ports/rpc.ts'
import type { CompactionSettings } from './compactor.ts'
import type { Machine } from './types.ts'

export interface ConsensusDeps {
  readonly self: NodeId
  readonly clock: Clock
  readonly disk: Disk
  readonly rpc: Pick<Rpc, 'call' | 'notify' | 'serve' | 'onNotice'>
  readonly peers: Pick<Peers, 'onChange'>
  readonly log: Log
  readonly metrics: Metrics
  /** Whether a peer may ever lead; everybody where it is left out. Of others, only how far they have followed is listened to. */
  readonly mayLead?: (peer: NodeId) => boolean
}

export interface ConsensusOptions {
  readonly machine: Machine
  readonly settings: Settings
  /** The voters of a new group, known to whoever founds it; empty on a peer that joins one. Counts at the very first start only. */
  readonly founders: readonly NodeId[]
  readonly compaction?: CompactionSettings
  /** Is given the state that the state of a later era replaces. */
  readonly keepReplaced?: (state: Uint8Array) => Promise<void>
}
