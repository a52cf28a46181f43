/** What the failure detector keeps. One step changes it in place: copying a thousand peers for every ping would cost too much. */
import type { NodeId } from '../../model/ids.ts'
import type { Liveness } from '../../model/node.ts'
import type { Millis } from '../../model/time.ts'
import type { Rumor, SwimMessage } from '../../wire/membership.ts'
import type { DetectorSettings } from './detector-settings.ts'

export interface DetectorState {
  readonly self: NodeId
  /** Starts as the daemon's start, so that a restarted node outdates what was said of its last life. */
  incarnation: number
  readonly peers: Map<NodeId, PeerState>
  /** Peers still to be probed in this round, in random order. */
  round: NodeId[]
  /** Probes under way, by sequence number. */
  readonly probes: Map<number, Probe>
  /** Probes that we do for others, by our own sequence number. */
  readonly relays: Map<number, Relay>
  readonly suspected: Set<NodeId>
  /** News to pass on, at most one piece for each peer, with how many times it is still to be sent. */
  readonly news: Map<NodeId, { readonly rumor: Rumor; left: number }>
  sequence: number
  /** Local health: 0 is well. */
  health: number
  periodAt: Millis
  spreadAt: Millis
  /** No suspicion ends before this. */
  suspicionAt: Millis
  /** When the next step is due at the latest. */
  due: Millis
  left: boolean
}

export interface PeerState {
  readonly id: NodeId
  liveness: Liveness
  incarnation: number
  since: Millis
  connected: boolean
  /** Has anything been heard of it since it became known? Until then a silence proves nothing to others. */
  heard: boolean
  lastHeard: Millis | null
  /** Smoothed, of direct probes. */
  roundTrip: Millis | null
  suspicion: Suspicion | null
  probe: number | null
  allowance: { readonly at: Millis; readonly messages: number }
}

export interface Suspicion {
  readonly startedAt: Millis
  readonly accusers: Set<NodeId>
  deadline: Millis
}

export interface Probe {
  readonly target: NodeId
  readonly sequence: number
  readonly startedAt: Millis
  /** Would a failure show something? Not when we never had a connection over which the peer could have answered. */
  readonly isEvidence: boolean
  attempt: number
  nextAt: Millis
  /** Other peers that were asked, and whether they have said that they got the question. */
  readonly asked: Map<NodeId, boolean>
}

export interface Relay {
  readonly requester: NodeId
  readonly sequence: number
  readonly target: NodeId
  nacked: boolean
  nextAt: Millis
}

export type DetectorInput =
  | { readonly type: 'tick' }
  /** All members as the replicated state has them. Nothing else makes a peer known. */
  | { readonly type: 'members'; readonly ids: readonly NodeId[] }
  | { readonly type: 'connected'; readonly peer: NodeId }
  | { readonly type: 'disconnected'; readonly peer: NodeId }
  | { readonly type: 'received'; readonly from: NodeId; readonly message: SwimMessage }
  /** Nothing has come of this peer for too long: unless it answers now, it is suspect. */
  | { readonly type: 'doubt'; readonly peer: NodeId }
  /** A fresh, signed report of the peer has come, with the start of its daemon. */
  | { readonly type: 'vouched'; readonly peer: NodeId; readonly incarnation: number }
  /** We are going away on purpose. */
  | { readonly type: 'leave' }

export type DetectorEffect =
  | { readonly type: 'send'; readonly to: NodeId; readonly message: SwimMessage }
  | { readonly type: 'changed'; readonly peer: NodeId; readonly liveness: Liveness }

/** Time and chance, as data. */
export interface Moment {
  /** By the clock that never jumps. */
  readonly at: Millis
  /** Uniform in [0, 1). */
  readonly chance: () => number
}

/** One step on its way: what it may use, and the effects so far. */
export interface Turn extends Moment {
  readonly state: DetectorState
  readonly settings: DetectorSettings
  readonly effects: DetectorEffect[]
}

export const newDetector = (self: NodeId, incarnation: number, at: Millis): DetectorState => ({
  self,
  incarnation,
  peers: new Map(),
  round: [],
  probes: new Map(),
  relays: new Map(),
  suspected: new Set(),
  news: new Map(),
  sequence: 0,
  health: 0,
  periodAt: at,
  spreadAt: Infinity,
  suspicionAt: Infinity,
  due: at,
  left: false,
})

/** How much longer everything takes because this process is not well. */
export const stretch = ({ state }: Turn): number => state.health + 1

export function worsen({ state, settings }: Turn, by: number): void {
  state.health = Math.max(0, Math.min(settings.worstHealth, state.health + by))
}

/** Up to `count` of them, each equally likely. Changes the array. */
export function pick<T>(from: T[], count: number, chance: () => number): readonly T[] {
  const taken = Math.min(count, from.length)
  for (let at = 0; at < taken; at += 1) {
    const other = at + Math.floor(chance() * (from.length - at))
    const [here, there] = [from[at], from[other]]
    if (here === undefined || there === undefined) break
    from[at] = there
    from[other] = here
  }
  return from.slice(0, taken)
}
