/** Which agreements this node has heard of, by party. It is only where to look: what became of one, its account says. */
import type { NodeId } from '../../../model/ids.ts'
import type { Hash } from '../../../model/molt-agreement.ts'
import { Recent } from '../../../lib/recent.ts'

/** Parties that are remembered, and agreements of each, the last ones. */
const mostParties = 4_096
const mostOfParty = 64

export class HeardDeals {
  readonly #byParty = new Recent<NodeId, Set<Hash>>(mostParties)

  hear(parties: readonly NodeId[], agreement: Hash): void {
    for (const party of parties) {
      const known = this.#byParty.get(party) ?? new Set()
      known.delete(agreement)
      known.add(agreement)
      const [oldest] = known
      if (known.size > mostOfParty && oldest !== undefined) known.delete(oldest)
      this.#byParty.keep(party, known)
    }
  }

  /** The latest first. */
  of(party: NodeId): readonly Hash[] {
    return [...(this.#byParty.get(party) ?? [])].toReversed()
  }
}
