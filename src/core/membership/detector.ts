/**
 * Decides which members are alive, suspect, lost or have left: SWIM with Lifeguard's extensions (arXiv 1707.00788). One missed
 * message accuses nobody, and a process that does not run well itself stretches its own time-outs instead of accusing others.
 */
import type { NodeId } from '../../model/ids.ts'
import type { Millis } from '../../model/time.ts'
import type { SwimMessage } from '../../wire/membership.ts'
import type { DetectorSettings } from './detector-settings.ts'
import { suspicionSpan } from './detector-settings.ts'
import type { DetectorEffect, DetectorInput, DetectorState, Moment, PeerState, Turn } from './detector-state.ts'
import { worsen } from './detector-state.ts'
import { abandonProbe, continueProbes, onAck, onAsk, onNack, onPing, probeNext, startProbe } from './probing.ts'
import { concludeSuspicions, learn, learnAlive, spread } from './rumors.ts'

/** Changes the state in place; says what to do. A `tick` is wanted at `state.due`; when it comes late, that is noticed. */
export function stepDetector(
  state: DetectorState,
  input: DetectorInput,
  moment: Moment,
  settings: DetectorSettings,
): readonly DetectorEffect[] {
  const turn: Turn = { state, settings, effects: [], ...moment }
  if (state.left) return turn.effects
  forgiveStall(turn)
  take(turn, input)
  state.due = nextDue(state)
  return turn.effects
}

function take(turn: Turn, input: DetectorInput): void {
  const { state } = turn
  switch (input.type) {
    case 'tick':
      return tick(turn)
    case 'members':
      return setMembers(turn, input.ids)
    case 'connected':
      return withPeer(state, input.peer, (peer) => {
        peer.connected = true
        abandonProbe(state, peer)
        startProbe(turn, peer)
      })
    case 'disconnected':
      return withPeer(state, input.peer, (peer) => {
        peer.connected = false
        doubt(turn, peer)
      })
    case 'doubt':
      return withPeer(state, input.peer, (peer) => doubt(turn, peer))
    case 'vouched':
      return withPeer(state, input.peer, (peer) => learnAlive(turn, peer, input.incarnation))
    case 'received':
      return withPeer(state, input.from, (peer) => receive(turn, peer, input.message))
    case 'leave':
      return leave(turn)
  }
}

function tick(turn: Turn): void {
  continueProbes(turn)
  concludeSuspicions(turn)
  if (turn.state.periodAt <= turn.at) probeNext(turn)
  if (turn.state.spreadAt <= turn.at) spread(turn)
}

/**
 * When a step is long overdue, this process was stopped or starved: answers may have come that it has not read. Whatever it was
 * waiting for gets that time back.
 */
function forgiveStall(turn: Turn): void {
  const { state, settings } = turn
  const late = turn.at - state.due
  if (late < settings.stallAfter) return
  worsen(turn, Math.ceil(late / settings.period))
  for (const probe of state.probes.values())
    probe.nextAt = Math.max(probe.nextAt + late, turn.at + settings.pingTimeout)
  for (const relay of state.relays.values()) relay.nextAt += late
  state.suspicionAt += late
  for (const id of state.suspected) {
    const suspicion = state.peers.get(id)?.suspicion
    if (suspicion !== null && suspicion !== undefined) suspicion.deadline += late
  }
}

function setMembers(turn: Turn, ids: readonly NodeId[]): void {
  const { state, at, settings } = turn
  const members = new Set(ids)
  for (const [id, peer] of state.peers) {
    if (members.has(id)) continue
    abandonProbe(state, peer)
    state.peers.delete(id)
    state.suspected.delete(id)
    state.news.delete(id)
  }
  for (const id of members) {
    if (id === state.self || state.peers.has(id)) continue
    const deadline = at + suspicionSpan(0, members.size, settings)
    state.peers.set(id, { ...unheard(id, at), suspicion: { startedAt: at, accusers: new Set(), deadline } })
    state.suspected.add(id)
    state.suspicionAt = Math.min(state.suspicionAt, deadline)
  }
}

/** A member of which nothing is known yet: it must show itself before its first suspicion runs out. */
const unheard = (id: NodeId, at: Millis): PeerState => ({
  id,
  liveness: 'suspect',
  incarnation: 0,
  since: at,
  connected: false,
  heard: false,
  lastHeard: null,
  roundTrip: null,
  suspicion: null,
  probe: null,
  allowance: { at, messages: 0 },
})

function doubt(turn: Turn, peer: PeerState): void {
  if (peer.liveness !== 'alive' && peer.liveness !== 'suspect') return
  if (turn.state.probes.get(peer.probe ?? -1)?.isEvidence === false) abandonProbe(turn.state, peer)
  startProbe(turn, peer, true)
}

function receive(turn: Turn, peer: PeerState, message: SwimMessage): void {
  if (!isAllowed(turn, peer)) return
  peer.lastHeard = turn.at
  if ('rumors' in message) {
    if (message.type !== 'ack') learnAlive(turn, peer, message.incarnation)
    for (const rumor of message.rumors) learn(turn, rumor)
  }
  switch (message.type) {
    case 'ping':
      return onPing(turn, peer.id, message.sequence)
    case 'ask':
      return onAsk(turn, peer.id, message)
    case 'ack':
      return onAck(turn, peer.id, message)
    case 'nack':
      return onNack(turn, peer.id, message.sequence)
    case 'rumors':
      return undefined
  }
}

/** A leaky bucket: a peer that floods us is heard at its rate, no faster. */
function isAllowed({ at, settings }: Turn, peer: PeerState): boolean {
  const drained = ((at - peer.allowance.at) * settings.messagesPerSecond) / 1_000
  const messages = Math.max(0, peer.allowance.messages - drained) + 1
  if (messages > settings.messagesPerSecond) return false
  peer.allowance = { at, messages }
  return true
}

function leave(turn: Turn): void {
  const { state } = turn
  state.left = true
  const rumor = { subject: state.self, incarnation: state.incarnation, state: 'left', accusers: [] } as const
  for (const peer of state.peers.values())
    if (peer.connected)
      turn.effects.push({
        type: 'send',
        to: peer.id,
        message: { type: 'rumors', incarnation: state.incarnation, rumors: [rumor] },
      })
}

function withPeer(state: DetectorState, id: NodeId, act: (peer: PeerState) => void): void {
  const peer = state.peers.get(id)
  if (peer !== undefined) act(peer)
}

function nextDue(state: DetectorState): Millis {
  let due = Math.min(state.periodAt, state.spreadAt, state.suspicionAt)
  for (const { nextAt } of state.probes.values()) due = Math.min(due, nextAt)
  for (const { nextAt } of state.relays.values()) due = Math.min(due, nextAt)
  return due
}
