/** What the consensus core is told, and what it asks for. */
import type { NodeId } from '../../model/ids.ts'
import type { Entry, Message, Position } from '../../model/raft.ts'
import type { Millis } from '../../model/time.ts'

/** Where a log begins, and who has a vote there. `voters` is empty on a peer that does not know its mesh yet. */
export interface Base extends Position {
  readonly voters: readonly NodeId[]
}

export interface Snapshot extends Base {
  readonly data: Uint8Array
}

/**
 * What must survive a restart besides the log. `mute`: this peer once lost what it had promised. It may follow the log, but its votes and
 * acknowledgements count no more, for nobody can know what it forgot.
 */
export interface HardState {
  readonly term: number
  readonly vote: NodeId | null
  readonly mute: boolean
}

export type Input =
  | { readonly type: 'tick' }
  | { readonly type: 'message'; readonly from: NodeId; readonly message: Message }
  | { readonly type: 'propose'; readonly id: number; readonly payload: Uint8Array }
  /** Asks for an index that covers everything acknowledged before. */
  | { readonly type: 'read'; readonly id: number }
  | { readonly type: 'set-learners'; readonly learners: readonly NodeId[] }
  | {
      readonly type: 'change-voters'
      readonly id: number
      readonly add: NodeId | null
      readonly remove: NodeId | null
    }
  | { readonly type: 'transfer'; readonly to: NodeId }
  /** The connection to that peer broke by itself, as it does when the other process dies. */
  | { readonly type: 'peer-reset'; readonly peer: NodeId }
  /** What an earlier step asked to persist is on disk: the term with its vote, and the log up to `last`. */
  | { readonly type: 'persisted'; readonly term: number; readonly last: Position }
  /** A leader's whole snapshot has arrived. */
  | { readonly type: 'snapshot-received'; readonly from: NodeId; readonly term: number; readonly snapshot: Snapshot }
  /** The sending that `sendSnapshots` asked for has ended. */
  | { readonly type: 'snapshot-sent'; readonly to: NodeId; readonly index: number; readonly ok: boolean }
  /**
   * An operator has consensus begin anew, with these voters and this state, in an era that is later by `leap`. That is drawn by chance, so
   * that two peers that are told to by mistake do not begin the same one.
   */
  | {
      readonly type: 'begin-era'
      readonly leap: number
      readonly voters: readonly NodeId[]
      readonly data: Uint8Array
    }
  /** The machine's state at `index` is on disk, so entries up to `upTo` (not above `index`) are no longer needed. */
  | { readonly type: 'compacted'; readonly index: number; readonly upTo: number }

export type Refusal = 'not-leader' | 'transferring' | 'too-busy' | 'change-running' | 'no-such-change' | 'not-ready'

export type Answer =
  | { readonly id: number; readonly ok: true; readonly at: Position }
  | { readonly id: number; readonly ok: false; readonly refusal: Refusal }

export interface Letter {
  readonly to: NodeId
  readonly message: Message
}

/**
 * What a step asks for. The order is the safety: first `install` and `persist` must be on disk, and only then may `messages` be sent,
 * `apply` be applied, and `persist.done` be fed back. If writing fails, nothing of that may be done, and the core must be restored
 * from what the disk holds. Only `early` need not wait.
 */
export interface Effects {
  /** Replace the machine's state and the whole log: write the snapshot, then rewrite the journal from `HardState` and log. */
  readonly install: Snapshot | null
  /** Entries replace everything at and after the first one's index. `hard` is null when it has not changed. */
  readonly persist: {
    readonly hard: HardState | null
    readonly entries: readonly Entry[]
    readonly done: Input
  } | null
  /**
   * What a leader sends its followers in a term that is on its disk. They write their copies while it writes its own, which counts
   * only by `persist.done` (10.2.1).
   */
  readonly early: readonly Letter[]
  readonly messages: readonly Letter[]
  readonly sendSnapshots: readonly NodeId[]
  /** Committed entries, each exactly once and in order; those of `install` are not among them. */
  readonly apply: readonly Entry[]
  /** Where proposals and voter changes were put into the log, which does not mean that they are committed. */
  readonly answers: readonly Answer[]
  /** Reads that may be served at or after `index`; null when leadership was lost before that was known. */
  readonly reads: readonly { readonly id: number; readonly index: number | null }[]
  /** The role, the term, the leader or the voters changed. */
  readonly roleChanged: boolean
  /** A transfer that this leader gave up, because it took too long or the target cannot lead. */
  readonly transferFailed: boolean
}

/** All spans are of monotonic time; sizes are bytes. */
export interface Settings {
  readonly heartbeat: Millis
  /** For peers without a vote, while there is nothing to send to them. */
  readonly learnerHeartbeat: Millis
  /** An election starts after a silence between these two. A leader that hears no majority for `electionMin` steps down. */
  readonly electionMin: Millis
  readonly electionMax: Millis
  /** How far apart the voters stand up after a reset connection to the leader, so that they do not split the vote. */
  readonly resetStagger: Millis
  readonly maxAppendBytes: number
  readonly maxInflightAppends: number
  readonly maxInflightBytes: number
  /** Proposals are refused while this much is not committed yet. */
  readonly maxUncommittedEntries: number
  readonly maxUncommittedBytes: number
  /** A learner becomes a voter only when it is at most this many entries behind. */
  readonly maxVoterLag: number
}
