/** Takes requests at a port of this host and has them answered by replicas. */
import type { PlacementId } from '../model/ids.ts'
import type { Millis } from '../model/time.ts'
import type { ByteStream } from './dial.ts'
import type { PortAddress } from './executor.ts'

export interface DoorOptions {
  readonly bind: string
  readonly port: number
  /** `tcp` passes on connections as they are. */
  readonly protocol: 'http' | 'tcp'
}

/** What became of one try to have a request answered. */
export type Outcome =
  /** `latency` counts to the end of the answer, or to its beginning where the end says nothing of how fast it was. */
  | { readonly type: 'answered'; readonly status: number; readonly latency: Millis }
  /** No connection could be made: it has seen nothing of the request. `isBusy`: its node takes no more connections now, which says nothing of it. */
  | { readonly type: 'unreachable'; readonly isBusy?: true }
  /** The connection broke, or no answer came in time. `isPeerLost`: because the peer that has the replica was lost, not for what was asked. */
  | { readonly type: 'broken'; readonly latency: Millis; readonly isPeerLost?: true }
  /** Whoever asked has gone away. */
  | { readonly type: 'cancelled' }

/** Where a replica is: at an address of this host, or at the other end of a stream to another. */
export type Reach = PortAddress | { readonly stream: ByteStream }

/** A replica that was chosen for a request. */
export interface Chosen {
  readonly placement: PlacementId
  /** Opens a way to it. Throws a ClawError. */
  reach(signal: AbortSignal): Promise<Reach>
  /** To be told once. */
  settle(outcome: Outcome): void
}

export interface Backend {
  /** What it is called, for those who are told that nobody can answer. */
  readonly name: string
  /** Null when no replica, or no other than those tried, can be asked now. */
  choose(tried: ReadonlySet<PlacementId>): Chosen | null
  /** Nobody could be asked. */
  unserved(): void
}

export interface OpenDoor {
  /** Connections to it that are open but idle are closed: it gets no more requests. */
  forget(placement: PlacementId): void
  /** Requests that are under way are finished first, within the grace. */
  close(grace: Millis): Promise<void>
}

export interface ServiceDoor {
  /** `onFailure` is told what nobody expected of a request or connection. Throws ADDRESS_IN_USE, or what else the system says. */
  open(options: DoorOptions, backend: Backend, onFailure: (error: unknown) => void): Promise<OpenDoor>
}
