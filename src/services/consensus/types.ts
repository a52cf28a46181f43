/** What the consensus service asks of what it replicates, and offers to it. */
import type { Slices } from '../../lib/slices.ts'
import type { NodeId } from '../../model/ids.ts'
import type { Unsubscribe } from '../../ports/rpc.ts'
import type { GatewayStatus, Lead } from '../control/types.ts'

/** One committed entry that carries a command; entries that consensus needs for itself never reach the machine. */
export interface Committed {
  readonly index: number
  readonly term: number
  readonly payload: Uint8Array
}

/** What is replicated. All of it is synchronous: the same entries give the same state on every peer. */
export interface Machine {
  /** Throws VERSION_UNSUPPORTED at the first entry that this build must not apply, with all before it applied. */
  apply(entries: readonly Committed[]): void
  /**
   * Throws VERSION_UNSUPPORTED for a snapshot, or entries after it, that this build must not take over. Without a snapshot they come
   * after what the machine has. Changes nothing of that.
   */
  check(snapshot: Uint8Array | null, later: readonly Committed[]): void
  /** The state as it is now, a slice at a time; what is applied meanwhile is not in it. */
  snapshot(): Slices<Uint8Array>
  /**
   * Reads a snapshot, a slice at a time, and changes nothing. What it ends with replaces the whole state by what was read, as it was at
   * `index`, at once. Throws what `check` throws, and STATE_CORRUPT.
   */
  restore(snapshot: Uint8Array): Slices<void, (index: number) => void>
}

export interface VoterChange {
  readonly add: NodeId | null
  readonly remove: NodeId | null
}

/** How consensus begins anew, see docs/decisions/0012. */
export interface NewEra {
  /** How many eras later, at least one. By chance, so that two peers told to by mistake do not begin the same one. */
  readonly leap: number
  readonly voters: readonly NodeId[]
  /** Applies first what stands in this peer's log and is not known to be committed. */
  readonly withUncommitted: boolean
  /** The state to begin with, made a slice at a time; asked for when nothing can change what it is made of before the era has begun. */
  readonly data: () => Slices<unknown, Uint8Array>
}

export interface Consensus {
  status(): GatewayStatus
  /** The same of `status`, without a look at each follower. */
  lead(): Lead
  /** Commits one payload; only the leader can. Throws NO_LEADER when this peer does not lead, or lost the lead before it knew. */
  propose(payload: Uint8Array): Promise<{ readonly index: number; readonly term: number }>
  /** A log index such that a state applied up to it holds everything acknowledged before the call. Only the leader can. */
  readIndex(signal: AbortSignal): Promise<number>
  /** Peers that follow the log without a vote. The leader's to say, from its applied state; safety does not depend on it. */
  setLearners(learners: readonly NodeId[]): void
  /** Adds or removes one voter, committed before it returns. Throws NO_LEADER, or CONFLICT-like INVALID_REQUEST while another change runs. */
  changeVoters(change: VoterChange): Promise<void>
  /** Hands the lead to a voter that is up to date. Returns whether it worked. */
  transfer(to: NodeId): Promise<boolean>
  /**
   * Begins a new era on this peer alone: it outranks every earlier one, and all who hear of it give up their log and take this state.
   * Unsafe: what others have committed and this peer does not hold is lost. Throws DISK_FULL.
   */
  beginEra(era: NewEra): Promise<void>
  onRole(listener: (status: GatewayStatus) => void): Unsubscribe
}
