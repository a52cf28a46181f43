/** What is put on record: who did what to what, who was not let, and how it ended. */
import type { NodeId } from './ids.ts'
import type { Instant } from './time.ts'

export const decisions = ['allowed', 'denied'] as const
export type Decision = (typeof decisions)[number]

/** Something that somebody wants done, before it is known how it ends. It holds names and no values, so no secret is in it. */
export interface Deed {
  /** Who asks, as the door has found out. */
  readonly actor: string
  /** The peer that forwarded the request and vouches for the actor; null when it was asked of this node. */
  readonly via: NodeId | null
  readonly operation: string
  readonly verb: string
  readonly resource: string
  readonly namespace: string | null
  /** What it is done to, by its name or id. */
  readonly object: string | null
  /** The same in all entries that one request has led to, on every node. */
  readonly request: string
}

export interface AuditRecord extends Deed {
  readonly decision: Decision
  /** `begun` before it is done, then `ok`, or the code of the failure. */
  readonly outcome: string
  /** How many like it the entry stands for: more than 1 where many were turned away in a short time. */
  readonly count: number
}

/** One link of a node's chain. */
export interface AuditEntry extends AuditRecord {
  readonly node: NodeId
  /** Rises by one, from 1. */
  readonly seq: number
  readonly at: Instant
  /** Hash of the entry before, hex. */
  readonly prev: string
}

/** An entry and its hash stand for everything before it. */
export interface AuditHead {
  readonly seq: number
  readonly hash: string
}

/** A head that was handed to the others, and when. */
export interface NotedHead extends AuditHead {
  readonly at: Instant
}

export const begun = 'begun'
export const done = 'ok'
