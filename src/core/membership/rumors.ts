/** What is believed of a peer, and how news of it goes round (SWIM; Lifeguard's shrinking suspicion and buddy system). */
import type { NodeId } from '../../model/ids.ts'
import type { Liveness } from '../../model/node.ts'
import type { Rumor } from '../../wire/membership.ts'
import { maxAccusers, maxRumors } from '../../wire/membership.ts'
import { suspicionSpan } from './detector-settings.ts'
import type { PeerState, Turn } from './detector-state.ts'
import { pick, worsen } from './detector-state.ts'

/** Takes in what somebody says. Of peers that are no members nothing is believed. */
export function learn(turn: Turn, rumor: Rumor): void {
  if (rumor.subject === turn.state.self) return defend(turn, rumor)
  const peer = turn.state.peers.get(rumor.subject)
  if (peer === undefined) return
  switch (rumor.state) {
    case 'alive':
      return learnAlive(turn, peer, rumor.incarnation)
    case 'suspect':
      return suspect(turn, peer, rumor)
    case 'lost':
    case 'left':
      if (overrules(rumor, peer)) settle(turn, peer, rumor)
  }
}

/** The peer lives, and at least since this incarnation. */
export function learnAlive(turn: Turn, peer: PeerState, incarnation: number): void {
  if (incarnation <= peer.incarnation && peer.heard) return
  const isNews = peer.heard && peer.liveness !== 'alive'
  peer.heard = true
  peer.incarnation = Math.max(incarnation, peer.incarnation)
  turn.state.suspected.delete(peer.id)
  peer.suspicion = null
  become(turn, peer, 'alive')
  // That a peer is there when one first meets it is no news to the others: they meet it themselves.
  if (isNews) tell(turn, { subject: peer.id, incarnation, state: 'alive', accusers: [] })
}

/** Somebody's probes of the peer have failed. */
export function suspect(
  turn: Turn,
  peer: PeerState,
  { incarnation, accusers }: Omit<Rumor, 'subject' | 'state'>,
): void {
  if (incarnation < peer.incarnation) return
  const isOver = peer.liveness === 'lost' || peer.liveness === 'left'
  if (isOver && incarnation === peer.incarnation) return
  const old = incarnation === peer.incarnation ? peer.suspicion : null
  const suspicion = old ?? { startedAt: turn.at, accusers: new Set<NodeId>(), deadline: Infinity }
  const before = suspicion.accusers.size
  for (const accuser of accusers) if (suspicion.accusers.size < maxAccusers) suspicion.accusers.add(accuser)
  if (old !== null && suspicion.accusers.size === before) return

  peer.heard = true
  peer.incarnation = incarnation
  peer.suspicion = suspicion
  const confirmations = Math.max(0, suspicion.accusers.size - 1)
  const span = suspicionSpan(confirmations, turn.state.peers.size + 1, turn.settings)
  suspicion.deadline = Math.min(suspicion.deadline, suspicion.startedAt + span)
  turn.state.suspicionAt = Math.min(turn.state.suspicionAt, suspicion.deadline)
  turn.state.suspected.add(peer.id)
  become(turn, peer, 'suspect')
  tell(turn, { subject: peer.id, incarnation, state: 'suspect', accusers: [...suspicion.accusers] })
}

/** Suspicions that nobody has refuted in time become losses. */
export function concludeSuspicions(turn: Turn): void {
  if (turn.state.suspicionAt > turn.at) return
  turn.state.suspicionAt = Infinity
  for (const id of turn.state.suspected) {
    const peer = turn.state.peers.get(id)
    const deadline = peer?.suspicion?.deadline ?? Infinity
    if (peer === undefined || deadline > turn.at) {
      turn.state.suspicionAt = Math.min(turn.state.suspicionAt, deadline)
      continue
    }
    settle(turn, peer, { subject: id, incarnation: peer.incarnation, state: 'lost', accusers: [] })
  }
}

/** News for this peer: first of all what is wrongly believed of itself, so that it can defend itself at once. */
export function newsFor({ state }: Turn, to: NodeId): readonly Rumor[] {
  const peer = state.peers.get(to)
  const rumors: Rumor[] = []
  if (peer !== undefined && peer.heard && peer.liveness !== 'alive') rumors.push(beliefIn(peer))
  // Over a copy: what is put back at the end must not come up again.
  for (const [subject, item] of [...state.news]) {
    if (rumors.length === maxRumors) break
    if (subject === to && rumors.length > 0) continue
    rumors.push(item.rumor)
    item.left -= 1
    state.news.delete(subject)
    // Put behind the others, so that all get their turn.
    if (item.left > 0) state.news.set(subject, item)
  }
  return rumors
}

/** Sends the news to some peers, and says when to do so again. */
export function spread(turn: Turn): void {
  const { state, settings } = turn
  const connected = [...state.peers.values()].filter((peer) => peer.connected && peer.liveness !== 'left')
  for (const { id } of pick(connected, settings.spreadTo, turn.chance)) {
    const rumors = newsFor(turn, id)
    if (rumors.length > 0)
      turn.effects.push({ type: 'send', to: id, message: { type: 'rumors', incarnation: state.incarnation, rumors } })
  }
  if (connected.length === 0) state.news.clear()
  state.spreadAt = state.news.size === 0 ? Infinity : turn.at + settings.spreadEvery
}

function tell(turn: Turn, rumor: Rumor): void {
  const { state, settings } = turn
  const left = Math.ceil(settings.retransmit * Math.log10(state.peers.size + 2))
  state.news.delete(rumor.subject)
  state.news.set(rumor.subject, { rumor, left: Math.max(left, settings.spreadTo) })
  state.spreadAt = Math.min(state.spreadAt, turn.at)
}

/** We live: whoever says otherwise is told so, and that they could is a sign that we are slow. */
function defend(turn: Turn, rumor: Rumor): void {
  const { state } = turn
  if (rumor.state === 'alive' || rumor.incarnation < state.incarnation) return
  state.incarnation = rumor.incarnation + 1
  worsen(turn, 1)
  tell(turn, { subject: state.self, incarnation: state.incarnation, state: 'alive', accusers: [] })
}

function overrules(rumor: Rumor, peer: PeerState): boolean {
  if (rumor.incarnation !== peer.incarnation) return rumor.incarnation > peer.incarnation
  if (peer.liveness === 'left') return false
  return peer.liveness !== 'lost' || rumor.state === 'left'
}

function settle(turn: Turn, peer: PeerState, rumor: Rumor): void {
  // A peer of which nothing was ever heard is given up by oneself, without telling others.
  const isNews = peer.heard || rumor.incarnation > 0
  peer.heard = isNews
  peer.incarnation = rumor.incarnation
  peer.suspicion = null
  turn.state.suspected.delete(peer.id)
  become(turn, peer, rumor.state)
  if (isNews) tell(turn, rumor)
}

function become(turn: Turn, peer: PeerState, liveness: Liveness): void {
  if (peer.liveness === liveness) return
  peer.liveness = liveness
  peer.since = turn.at
  turn.effects.push({ type: 'changed', peer: peer.id, liveness })
}

const beliefIn = (peer: PeerState): Rumor => ({
  subject: peer.id,
  incarnation: peer.incarnation,
  state: peer.liveness,
  accusers: [...(peer.suspicion?.accusers ?? [])],
})
