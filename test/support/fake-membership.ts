/** A membership plane that says what a test tells it. */
import type { NodeId } from '../../src/model/ids.ts'
import type { Liveness } from '../../src/model/node.ts'
import type { Unsubscribe } from '../../src/ports/rpc.ts'
import type { Membership, NodeReport, PeerView } from '../../src/services/membership/types.ts'

export class FakeMembership implements Membership {
  readonly #views = new Map<NodeId, PeerView>()
  readonly #listeners = new Set<(view: PeerView) => void>()

  set(node: NodeId, liveness: Liveness, report: NodeReport | null = null): void {
    const view: PeerView = {
      node,
      liveness,
      since: 0,
      lastSeen: 0,
      roundTrip: 1,
      report,
      receivedAt: report?.at ?? null,
    }
    this.#views.set(node, view)
    for (const listener of [...this.#listeners]) listener(view)
  }

  /** Who was not told of is alive. */
  view(node: NodeId): PeerView {
    const unknown = { node, since: 0, lastSeen: 0, roundTrip: 1, report: null, receivedAt: null }
    return this.#views.get(node) ?? { ...unknown, liveness: 'alive' }
  }

  views(): readonly PeerView[] {
    return [...this.#views.values()]
  }

  onChange(listener: (view: PeerView) => void): Unsubscribe {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }
}
