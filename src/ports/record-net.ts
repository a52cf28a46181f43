/**
 * The table in which a network keeps signed records: each under its key, with the peers that are closest to it. What a peer answers is what
 * it says, and nothing more: it may be stale, forged, or withheld.
 */
import type { NodeId } from '../model/ids.ts'
import type { RecordRefusal } from '../model/record.ts'
import type { Unsubscribe } from './rpc.ts'

/** What the table asks before it keeps or gives away anything. Whoever implements it has the floors. */
export interface RecordGuard {
  /** Looks at all of it, and remembers it as the least that is taken for its key when it is good. Null when it is. */
  check(key: string, value: Uint8Array): Promise<RecordRefusal | null>
  /** Whether it may be kept in the place of what is kept: it wins, and there is room. Null when it may. */
  admit(key: string, value: Uint8Array, kept: Uint8Array | null): RecordRefusal | null
  /** It is kept now, or (null) nothing is. */
  keeps(key: string, value: Uint8Array | null): void
  /** Which of them counts, by its place in the list. */
  select(values: readonly Uint8Array[]): number
  /** Whether it may still be given to others. */
  isAlive(key: string, value: Uint8Array): boolean
}

/** What a peer has answered. `value` is null where it has none, or refused to say. */
export interface RecordReply {
  readonly from: NodeId
  readonly value: Uint8Array | null
}

export interface PutOutcome {
  /** Peers that say that they keep it. */
  readonly stored: readonly NodeId[]
  /** Peers that did not take it, or could not be asked. */
  readonly failed: readonly NodeId[]
}

export interface Found {
  readonly node: NodeId
  readonly addresses: readonly string[]
}

export interface RecordNet {
  readonly self: NodeId
  /** What this node keeps itself. */
  local(key: string): Promise<Uint8Array | null>
  /** It keeps nothing under that key any more. */
  forget(key: string): Promise<void>
  /** Everything that it keeps, for whoever counts it. */
  kept(): AsyncIterable<{ readonly key: string; readonly value: Uint8Array }>
  /**
   * Keeps it here and asks the peers that are closest to the key to keep it. Returns when `enough` of them do, or none is left to be asked;
   * the rest are asked all the same. Throws RECORD_REFUSED where this node itself does not keep it, such as when it has come to know a better one,
   * and what the signal says when it is aborted before.
   */
  put(
    key: string,
    value: Uint8Array,
    options: { readonly enough: number; readonly signal: AbortSignal },
  ): Promise<PutOutcome>
  /** What peers answer, as it comes. Whoever has enough leaves the loop. Throws what the signal says when it is aborted. */
  ask(key: string, signal: AbortSignal): AsyncIterable<RecordReply>
  /** Gives a peer that answered with something old what is newer. Nothing is said of whether it takes it. */
  correct(peer: NodeId, key: string, value: Uint8Array, signal: AbortSignal): Promise<void>
  /** Says that this node has what is looked for under that topic, 32 bytes. Lasts for some hours. */
  provide(topic: Uint8Array, signal: AbortSignal): Promise<void>
  /** Those who say so, as they are found. */
  findProviders(topic: Uint8Array, signal: AbortSignal): AsyncIterable<Found>
  /** The peers that this node knows to be closest to a key, the closest first. */
  closest(key: string): Promise<readonly NodeId[]>
  /** Called when peers have come to be known, or are gone. */
  onNeighbours(listener: () => void): Unsubscribe
}
