/** Runs the failure detector: feeds it with messages, connections and time, and sends what it wants sent. */
import { detectorDefaults } from '../../core/membership/detector-settings.ts'
import type { DetectorSettings } from '../../core/membership/detector-settings.ts'
import type { DetectorEffect, DetectorInput, DetectorState, PeerState } from '../../core/membership/detector-state.ts'
import { newDetector } from '../../core/membership/detector-state.ts'
import { stepDetector } from '../../core/membership/detector.ts'
import type { NodeId } from '../../model/ids.ts'
import type { Liveness } from '../../model/node.ts'
import type { Cancel, Clock } from '../../ports/clock.ts'
import type { Metrics } from '../../ports/metrics.ts'
import type { Peers } from '../../ports/peers.ts'
import type { Random } from '../../ports/random.ts'
import type { Rpc, Unsubscribe } from '../../ports/rpc.ts'
import { swim } from '../../wire/membership.ts'

export interface LivenessDeps {
  readonly clock: Clock
  readonly random: Random
  readonly rpc: Pick<Rpc, 'notify' | 'onNotice'>
  readonly peers: Pick<Peers, 'self' | 'up' | 'onChange'>
  readonly metrics: Metrics
  /** All members, from the replicated state. */
  readonly members: () => Iterable<NodeId>
  readonly onChange: (peer: NodeId, liveness: Liveness) => void
}

export class LivenessWatch {
  readonly #deps: LivenessDeps
  readonly #settings: DetectorSettings
  #state: DetectorState
  #alarm: Cancel = () => {}
  #unsubscribe: readonly Unsubscribe[] = []

  constructor(deps: LivenessDeps, settings: Partial<DetectorSettings> = {}) {
    this.#deps = deps
    this.#settings = { ...detectorDefaults, ...settings }
    this.#state = newDetector(deps.peers.self, 0, 0)
  }

  /** `incarnation` is the daemon's start. */
  start(incarnation: number): void {
    const { clock, rpc, peers } = this.#deps
    this.#state = newDetector(peers.self, incarnation, clock.elapsed())
    this.#unsubscribe = [
      rpc.onNotice(swim, (message, from) => this.take({ type: 'received', from, message })),
      peers.onChange(({ peer, up }) => this.take({ type: up ? 'connected' : 'disconnected', peer })),
    ]
    this.membersChanged()
  }

  /** Says goodbye, so that nobody has to find out. */
  stop(): void {
    this.take({ type: 'leave' })
    this.#alarm()
    for (const unsubscribe of this.#unsubscribe) unsubscribe()
  }

  membersChanged(): void {
    const known = new Set(this.#state.peers.keys())
    this.take({ type: 'members', ids: [...this.#deps.members()] })
    for (const peer of this.#deps.peers.up()) if (!known.has(peer)) this.take({ type: 'connected', peer })
  }

  peer(id: NodeId): PeerState | undefined {
    return this.#state.peers.get(id)
  }

  take(input: DetectorInput): void {
    const { clock, random, metrics } = this.#deps
    const moment = { at: clock.elapsed(), chance: () => random.next() }
    const health = this.#state.health
    const effects = stepDetector(this.#state, input, moment, this.#settings)
    if (this.#state.health !== health) metrics.gauge('claw_membership_local_health_total', this.#state.health)
    this.#alarm()
    if (!this.#state.left)
      this.#alarm = clock.after(this.#state.due - clock.elapsed(), () => this.take({ type: 'tick' }))
    for (const effect of effects) this.#carryOut(effect)
  }

  #carryOut(effect: DetectorEffect): void {
    const { rpc, metrics, onChange } = this.#deps
    switch (effect.type) {
      case 'send':
        return rpc.notify(effect.to, swim, effect.message)
      case 'changed':
        metrics.count('claw_membership_changes_total', { to: effect.liveness })
        return onChange(effect.peer, effect.liveness)
    }
  }
}
