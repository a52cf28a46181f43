/** What was seen while a simulation ran. All of it comes from the answers of daemons, except the faults, which the simulation made itself. */
import type { Instant, Millis } from '../model/time.ts'

/** The mesh as one peer told it, at one moment. */
export interface Sample {
  /** Since the work began. */
  readonly at: Millis
  readonly running: number
  readonly pending: number
  /** GPUs that the mesh has given to work, on all nodes. */
  readonly gpusUsed: number
  /** GPUs of nodes that are not offline. */
  readonly gpusReachable: number
  readonly gpusTotal: number
  readonly nodesOnline: number
  readonly nodesTotal: number
}

/** A workload at the end, as the mesh tells it. */
export interface WorkloadSeen {
  readonly name: string
  readonly state: string
  readonly gpus: number
  readonly priority: number
  readonly submittedAt: Instant
  /** Of its first attempt that started. */
  readonly firstStartedAt: Instant | null
  readonly endedAt: Instant | null
  readonly attempts: number
  /** Why each attempt that the mesh still tells of was not the last. */
  readonly setbacks: readonly string[]
  readonly error: string | null
}

/** A peer said for the first time that somebody else leads. */
export interface LeaderSeen {
  readonly at: Millis
  readonly leader: string
  readonly term: number
}

export interface FaultSeen {
  readonly at: Millis
  /** When it was over; null for what does not end. */
  readonly until: Millis | null
  readonly kind: 'crash' | 'partition' | 'slow' | 'join' | 'leave' | 'restart'
  readonly peers: readonly string[]
  /** It hit whoever led. */
  readonly hitLeader: boolean
  readonly words: string
}

/** Time without a leader: from a fault that hit the leader, until others had a new one. */
export interface Failover {
  readonly at: Millis
  readonly cause: string
  readonly from: string
  readonly to: string | null
  /** Until a peer named a new leader; null when none did within the time that was waited. */
  readonly electedAfter: Millis | null
  /** Until a write of ours through another peer was committed. */
  readonly writableAfter: Millis | null
}

/** How long one report of a node took to each of the others. */
export interface Spread {
  readonly at: Millis
  readonly of: string
  readonly delays: readonly Millis[]
  /** Peers that were asked and did not have it yet. */
  readonly missing: number
}

/** How long the others took to see that a peer was gone. */
export interface LossSeen {
  readonly at: Millis
  readonly peer: string
  readonly delays: readonly Millis[]
  readonly missing: number
}

export interface Observed {
  readonly interrupted: boolean
  /** When the work began, by the clock of this machine. */
  readonly startedAt: Instant
  /** From the first process until all peers were healthy. */
  readonly formedIn: Millis
  /** From the beginning of the work until all of it had ended, or until it was given up. */
  readonly lasted: Millis
  readonly accepted: number
  /** Submissions that no peer took, by failure code. */
  readonly refused: Readonly<Record<string, number>>
  readonly samples: readonly Sample[]
  readonly workloads: readonly WorkloadSeen[]
  readonly leaders: readonly LeaderSeen[]
  readonly failovers: readonly Failover[]
  readonly faults: readonly FaultSeen[]
  readonly spreads: readonly Spread[]
  readonly losses: readonly LossSeen[]
  /** What a reader should know: processes that died unasked, peers that crashed along, looks that got no answer. */
  readonly notes: readonly string[]
}
