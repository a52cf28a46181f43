/** The control plane as the rest of a peer sees it: one state to read, one way to change it. */
import type { Change, Command, MeshState, OutcomeValue } from '../../core/state/types.ts'
import type { ClawError } from '../../model/failure.ts'
import type { NodeId } from '../../model/ids.ts'
import type { Millis } from '../../model/time.ts'
import type { Unsubscribe } from '../../ports/rpc.ts'

/** Where this peer stands in the consensus group. `learner` follows the log without a vote. */
export type GatewayRole = 'leader' | 'follower' | 'candidate' | 'learner'

/** Who leads, as far as this peer knows. */
export interface Lead {
  readonly role: GatewayRole
  readonly term: number
  readonly leader: NodeId | null
}

export interface GatewayStatus extends Lead {
  readonly voters: readonly NodeId[]
  readonly committed: number
  readonly applied: number
  /** How long ago it last heard from a leader, or as the leader from a majority. Infinity when it never has. */
  readonly outOfTouchFor: Millis
  /** Of the leader only: how far each peer has followed, and how long ago it last answered. */
  readonly followers: readonly {
    readonly node: NodeId
    readonly matched: number
    readonly silentFor: Millis | null
    /** It has lost its log, so its vote and its copies do not count. */
    readonly isMute: boolean
  }[]
}

export interface Executed {
  readonly index: number
  readonly value: OutcomeValue
}

/**
 * `stale`: what this peer has. `linearizable`: at least everything that was acknowledged anywhere before the call; needs a leader
 * with a majority. A number: at least up to that log index.
 */
export type Freshness = 'stale' | 'linearizable' | { readonly atLeast: number }

export interface Control {
  /** The state as applied on this peer. Read it, never keep it: the next command changes it in place. */
  readonly state: MeshState
  status(): GatewayStatus
  /** Why this peer has stopped to follow, and changes nothing any more, until another build is started; null while it follows. */
  readonly outdated: ClawError | null
  /** Changes at this peer as they are applied, in order. */
  onChange(listener: (changes: readonly Change[]) => void): Unsubscribe
  /** Whenever this peer becomes leader (with everything committed before applied), or stops being it, or sees another leader. */
  onRole(listener: (status: GatewayStatus) => void): Unsubscribe
  /**
   * Commits one command through the leader, wherever it is, and returns when it is applied here too. `id` makes it safe to repeat:
   * it is retried inside until `signal` ends, across changes of leader, and takes effect once. `alone`: only while this peer leads.
   * Throws the ClawError of a refusal, NO_LEADER or DEADLINE_EXCEEDED.
   */
  execute(
    command: Command,
    options: { readonly id: string; readonly by: string; readonly signal: AbortSignal; readonly alone?: true },
  ): Promise<Executed>
  /** Waits until the state is fresh enough. Throws NO_LEADER or DEADLINE_EXCEEDED. */
  fresh(freshness: Freshness, signal: AbortSignal): Promise<void>
}

/** What is for the gateway besides, which acts while this peer leads. */
export interface LeaderControl extends Control {
  /** The same of `status`, without a look at each follower: for what is asked with every command. */
  lead(): Lead
  /**
   * Commits one command of the leader's own, in the term in which it leads now: one try, and never by way of another peer. Returns
   * when it is applied here. Throws the ClawError of a refusal, NO_LEADER when this peer does not lead or loses the lead meanwhile
   * (then it may or may not take effect), and the reason of `signal`.
   */
  decree(
    command: Command,
    options: { readonly id: string; readonly by: string; readonly signal: AbortSignal },
  ): Promise<Executed>
}
