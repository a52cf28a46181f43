/** The words of consensus: what is in the log, and what peers say to each other about it. */
import type { NodeId } from './ids.ts'

/** A place in the log. Two logs that have the same term at the same index are equal up to there. */
export interface Position {
  readonly index: number
  readonly term: number
}

/** `noop` opens a term, `command` is the machine's, `voters` is who has a vote from this entry on, committed or not. */
export type Entry =
  | { readonly kind: 'noop'; readonly index: number; readonly term: number }
  | { readonly kind: 'command'; readonly index: number; readonly term: number; readonly payload: Uint8Array }
  | { readonly kind: 'voters'; readonly index: number; readonly term: number; readonly voters: readonly NodeId[] }

/** What peers say to each other. `term` is the sender's, except in `pre-vote` and in a granted reply to it: there, the one proposed. */
export type Message =
  | { readonly type: 'pre-vote'; readonly term: number; readonly last: Position }
  | { readonly type: 'pre-vote-reply'; readonly term: number; readonly granted: boolean }
  /** `forced`: the leader itself asked for this election, so its being alive is no reason to refuse. */
  | { readonly type: 'vote'; readonly term: number; readonly last: Position; readonly forced: boolean }
  | { readonly type: 'vote-reply'; readonly term: number; readonly granted: boolean }
  | Append
  | AppendReply
  /** The leader hands over: the receiver should stand for election now. */
  | { readonly type: 'take-over'; readonly term: number }

/** Entries, or none: then it is a heartbeat. `entries` follow `prev` without a gap. `round` comes back in the reply. */
export interface Append {
  readonly type: 'append'
  readonly term: number
  readonly prev: Position
  readonly entries: readonly Entry[]
  readonly commit: number
  readonly round: number
}

/** `ok`: the logs are equal up to `at.index`. Otherwise `rejected` was not there, and they can be equal up to `at` at most. */
export interface AppendReply {
  readonly type: 'append-reply'
  readonly term: number
  readonly ok: boolean
  readonly at: Position
  readonly rejected: number
  readonly round: number
  readonly mute: boolean
}
