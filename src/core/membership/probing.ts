/** Asking peers whether they are there: directly, then also through others (SWIM), and honestly about oneself (Lifeguard). */
import type { NodeId } from '../../model/ids.ts'
import type { SwimMessage } from '../../wire/membership.ts'
import type { DetectorState, PeerState, Probe, Relay, Turn } from './detector-state.ts'
import { pick, stretch, worsen } from './detector-state.ts'
import { learnAlive, newsFor, suspect } from './rumors.ts'

/** Probes that others may have running through us at a time. */
const maxRelays = 256

/** Probes the next peer of the round. Each is probed once a round, in an order that nobody can foresee. */
export function probeNext(turn: Turn): void {
  const { state, settings } = turn
  state.periodAt = turn.at + settings.period * stretch(turn)
  for (let tries = state.peers.size; tries > 0; tries -= 1) {
    if (state.round.length === 0) state.round = [...pick([...state.peers.keys()], state.peers.size, turn.chance)]
    const peer = state.peers.get(state.round.pop() ?? state.self)
    if (peer !== undefined && isWorthProbing(turn, peer)) return startProbe(turn, peer)
  }
}

/** A peer that is known to be lost is only knocked at; others do not help with that. */
export function startProbe(turn: Turn, peer: PeerState, isEvidence = peer.connected): void {
  const { state, settings } = turn
  if (peer.probe !== null) return
  state.sequence = nextSequence(state.sequence)
  const isOver = peer.liveness === 'lost' || peer.liveness === 'left'
  const probe: Probe = {
    target: peer.id,
    sequence: state.sequence,
    startedAt: turn.at,
    isEvidence,
    attempt: isOver ? settings.attempts : 1,
    nextAt: turn.at + settings.pingTimeout * stretch(turn),
    asked: new Map(),
  }
  peer.probe = probe.sequence
  state.probes.set(probe.sequence, probe)
  ping(turn, peer.id, probe.sequence)
  if (!peer.connected && !isOver) askOthers(turn, probe)
}

/** Forgets a probe that has become pointless. */
export function abandonProbe(state: DetectorState, peer: PeerState): void {
  if (peer.probe !== null) state.probes.delete(peer.probe)
  peer.probe = null
}

/** Probes and relays whose time is up go on to their next stage. */
export function continueProbes(turn: Turn): void {
  for (const probe of turn.state.probes.values()) if (probe.nextAt <= turn.at) continueProbe(turn, probe)
  for (const [sequence, relay] of turn.state.relays) if (relay.nextAt <= turn.at) continueRelay(turn, sequence, relay)
}

export function onPing(turn: Turn, from: NodeId, sequence: number): void {
  send(turn, from, { type: 'ack', sequence, incarnation: turn.state.incarnation, rumors: newsFor(turn, from) })
}

/** Somebody cannot reach a peer, or is not sure: we try for them. */
export function onAsk(turn: Turn, from: NodeId, { sequence, target }: { sequence: number; target: NodeId }): void {
  const { state, settings } = turn
  if (target === state.self) return onPing(turn, from, sequence)
  if (!state.peers.has(target) || state.relays.size >= maxRelays) return
  state.sequence = nextSequence(state.sequence)
  state.relays.set(state.sequence, {
    requester: from,
    sequence,
    target,
    nacked: false,
    nextAt: turn.at + settings.pingTimeout * nackAfter,
  })
  ping(turn, target, state.sequence)
}

export function onAck(
  turn: Turn,
  from: NodeId,
  { sequence, incarnation }: { sequence: number; incarnation: number },
): void {
  const { state } = turn
  const relay = state.relays.get(sequence)
  if (relay?.target === from) {
    state.relays.delete(sequence)
    learnOf(turn, from, incarnation)
    send(turn, relay.requester, { type: 'ack', sequence: relay.sequence, incarnation, rumors: [] })
    return
  }
  const probe = state.probes.get(sequence)
  if (probe === undefined || (probe.target !== from && !probe.asked.has(from))) return
  endProbe(turn, probe)
  worsen(turn, -1)
  learnOf(turn, probe.target, incarnation)
  if (from === probe.target && probe.attempt === 1) noteRoundTrip(turn, probe)
}

export function onNack({ state }: Turn, from: NodeId, sequence: number): void {
  const asked = state.probes.get(sequence)?.asked
  if (asked?.has(from) === true) asked.set(from, true)
}

function isWorthProbing({ state, settings }: Turn, peer: PeerState): boolean {
  if (peer.liveness === 'left') return false
  if (peer.connected) return true
  if (peer.liveness === 'lost') return false
  return peer.liveness === 'suspect' || state.peers.size < settings.denseUpTo
}

function continueProbe(turn: Turn, probe: Probe): void {
  const { settings } = turn
  if (probe.attempt < settings.attempts) {
    probe.attempt += 1
    probe.nextAt = turn.at + settings.pingTimeout * stretch(turn)
    ping(turn, probe.target, probe.sequence)
    askOthers(turn, probe)
    return
  }
  endProbe(turn, probe)
  // Those that we asked are well, as far as we know. If they did not even say that they got the question, it is likely us.
  worsen(turn, [...probe.asked.values()].filter((answered) => !answered).length)
  const peer = turn.state.peers.get(probe.target)
  if (peer === undefined || !probe.isEvidence || !peer.heard) return
  if (peer.liveness === 'lost' || peer.liveness === 'left') return
  suspect(turn, peer, { incarnation: peer.incarnation, accusers: [turn.state.self] })
}

function continueRelay(turn: Turn, sequence: number, relay: Relay): void {
  if (relay.nacked) {
    turn.state.relays.delete(sequence)
    return
  }
  relay.nacked = true
  relay.nextAt = turn.at + turn.settings.pingTimeout * turn.settings.attempts
  send(turn, relay.requester, { type: 'nack', sequence: relay.sequence })
}

function endProbe({ state }: Turn, probe: Probe): void {
  const peer = state.peers.get(probe.target)
  if (peer !== undefined) abandonProbe(state, peer)
  state.probes.delete(probe.sequence)
}

function askOthers(turn: Turn, probe: Probe): void {
  const { state, settings } = turn
  const others = [...state.peers.values()].filter(
    ({ id, connected, liveness }) => connected && liveness === 'alive' && id !== probe.target && !probe.asked.has(id),
  )
  for (const { id } of pick(others, settings.proxies, turn.chance)) {
    probe.asked.set(id, false)
    send(turn, id, {
      type: 'ask',
      sequence: probe.sequence,
      incarnation: state.incarnation,
      target: probe.target,
      rumors: newsFor(turn, id),
    })
  }
}

function learnOf(turn: Turn, target: NodeId, incarnation: number): void {
  const peer = turn.state.peers.get(target)
  if (peer !== undefined) learnAlive(turn, peer, incarnation)
}

/** Smoothed as TCP does it (RFC 6298). */
function noteRoundTrip(turn: Turn, probe: Probe): void {
  const peer = turn.state.peers.get(probe.target)
  if (peer === undefined) return
  const took = turn.at - probe.startedAt
  peer.roundTrip = peer.roundTrip === null ? took : peer.roundTrip + (took - peer.roundTrip) / 8
}

function ping(turn: Turn, to: NodeId, sequence: number): void {
  if (turn.state.peers.get(to)?.connected !== true) return
  send(turn, to, { type: 'ping', sequence, incarnation: turn.state.incarnation, rumors: newsFor(turn, to) })
}

function send(turn: Turn, to: NodeId, message: SwimMessage): void {
  turn.effects.push({ type: 'send', to, message })
}

const nextSequence = (sequence: number): number => (sequence + 1) % 2 ** 31

/** A nack must be back before the one who asked gives up its attempt. */
const nackAfter = 0.8
