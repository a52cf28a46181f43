/** Chooses replicas for the requests to one deployment, and counts how they go. */
import type { Balance, Endpoint } from '../../core/proxy/balance.ts'
import { choose, emptyBalance, forgetOthers, openAt, settled } from '../../core/proxy/balance.ts'
import type { ServiceView } from '../../core/proxy/service-view.ts'
import { Window } from '../../core/proxy/window.ts'
import type { PlacementId } from '../../model/ids.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Metrics } from '../../ports/metrics.ts'
import type { Backend, Chosen, Outcome, Reach } from '../../ports/service-door.ts'

export interface BackendDeps {
  readonly clock: Pick<Clock, 'elapsed'>
  readonly metrics: Metrics
  readonly reach: (endpoint: Endpoint, signal: AbortSignal) => Promise<Reach>
}

export class ServiceBackend implements Backend {
  readonly window = new Window()
  /** Requests for which there was no replica; of no revision. */
  readonly unservedWindow = new Window()
  readonly #deps: BackendDeps
  readonly #balance: Balance = emptyBalance()
  #view: ServiceView

  constructor(deps: BackendDeps, view: ServiceView) {
    this.#deps = deps
    this.#view = view
  }

  get name(): string {
    return this.#view.name
  }

  get view(): ServiceView {
    return this.#view
  }

  /** Returns those that get no more requests. */
  update(view: ServiceView): readonly PlacementId[] {
    const now = new Set(view.endpoints.map(({ placement }) => placement))
    const gone = this.#view.endpoints.filter(({ placement }) => !now.has(placement))
    this.#view = view
    forgetOthers(this.#balance, view.endpoints)
    return gone.map(({ placement }) => placement)
  }

  /** Requests that a replica has not answered yet. */
  openAt(placement: PlacementId): number {
    return openAt(this.#balance, placement)
  }

  choose(tried: ReadonlySet<PlacementId>): Chosen | null {
    const { clock, reach } = this.#deps
    const { endpoints, shares } = this.#view
    const endpoint = choose(this.#balance, { endpoints, shares, tried, at: clock.elapsed() })
    if (endpoint === null) return null
    return {
      placement: endpoint.placement,
      reach: (signal) => reach(endpoint, signal),
      settle: (outcome) => this.#settle(endpoint, outcome),
    }
  }

  unserved(): void {
    const { clock, metrics } = this.#deps
    metrics.count('claw_service_unserved_total', { service: this.name })
    this.unservedWindow.count(0, true, null, clock.elapsed())
  }

  #settle({ placement, revision }: Endpoint, outcome: Outcome): void {
    const { clock, metrics } = this.#deps
    const at = clock.elapsed()
    settled(this.#balance, placement, reachedBy(outcome), at)
    if (outcome.type === 'cancelled') return
    const labels = { service: this.name, revision: String(revision) }
    // It goes on to another replica, and is counted there.
    if (outcome.type === 'unreachable') return metrics.count('claw_service_unreachable_total', labels)
    const isFailed = outcome.type === 'broken' || outcome.status >= 500
    const latency = outcome.type === 'answered' ? outcome.latency : null
    this.window.count(revision, isFailed, latency, at)
    metrics.count('claw_service_requests_total', { ...labels, ok: String(!isFailed) })
    if (latency !== null) metrics.observe('claw_service_latency_ms', latency, { service: this.name })
  }
}

/** Null when it says nothing of whether the replica is there. */
function reachedBy(outcome: Outcome): boolean | null {
  switch (outcome.type) {
    case 'answered':
      return true
    case 'unreachable':
      return outcome.isBusy === true ? null : false
    case 'broken':
      return false
    case 'cancelled':
      return null
  }
}
