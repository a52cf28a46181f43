/** What those are answered whom a dispute concerns. Anybody can name anybody as an arbiter, so what it costs to be heard is to have set something aside. */
import { agreementId } from '../../../core/molt/agreement.ts'
import { found } from '../../../core/molt/verify.ts'
import type { Network } from '../../../core/molt/network.ts'
import { type Dispute, disputeProblem, involvedIn } from '../../../core/records/dispute.ts'
import { checkEvidence, factsIn } from '../../../core/records/evidence.ts'
import { Buckets } from '../../../lib/buckets.ts'
import { ClawError } from '../../../model/failure.ts'
import type { NodeId } from '../../../model/ids.ts'
import type { Hash } from '../../../model/molt-agreement.ts'
import type { Evidence, Ruling } from '../../../model/molt-dispute.ts'
import type { Clock } from '../../../ports/clock.ts'
import type { Verifier } from '../../../ports/signer.ts'
import type { DisputeRefusal, Exchange, ExchangeAnswer } from '../../../wire/molt-dispute.ts'

export interface DisputeDeskDeps {
  readonly self: NodeId
  readonly network: Network
  readonly verifier: Verifier
  readonly clock: Clock
  readonly all: () => readonly Dispute[]
  readonly get: (agreement: Hash) => Dispute | null
  /** Keeps evidence that was checked. Throws what the disk throws. */
  readonly take: (evidence: Evidence) => Promise<Dispute>
  readonly ruled: (agreement: Hash, rulings: readonly Ruling[]) => Promise<Dispute>
}

/** What one caller may ask in a second, and at once after a pause. */
const rate = { perSecond: 1, burst: 30 }
/** Disputes that are not over: those that one party has opened, and all together. */
const mostOpen = { ofOne: 16, ofAll: 512 }

export class DisputeDesk {
  readonly #deps: DisputeDeskDeps
  readonly #calls: Buckets

  constructor(deps: DisputeDeskDeps) {
    this.#deps = deps
    this.#calls = new Buckets(rate.perSecond, () => deps.clock.elapsed(), { burst: rate.burst })
  }

  /** Throws RATE_LIMITED, and what the disk throws. */
  async answer({ agreement: id, evidence, rulings }: Exchange, from: NodeId): Promise<ExchangeAnswer> {
    const seconds = this.#calls.take(from)
    if (seconds > 0) throw new ClawError('RATE_LIMITED', { who: from, seconds })
    const { get, take, ruled } = this.#deps
    const known = get(id)
    if (known !== null && !involvedIn(known.agreement).includes(from)) return refused('unknown')
    if (evidence !== null && known?.claims.some(({ by }) => by === from) !== true) {
      const refusal = this.#refusal(evidence, id, from)
      if (refusal !== null) return refused(refusal)
      await take(evidence)
    }
    if (get(id) === null) return refused('unknown')
    return { type: 'known', rulings: (await ruled(id, rulings)).rulings }
  }

  /** The cheapest first. */
  #refusal(evidence: Evidence, id: Hash, from: NodeId): DisputeRefusal | null {
    const { self, network, verifier, clock, get } = this.#deps
    const { agreement, by } = evidence
    if (by !== from || agreementId(agreement) !== id || !involvedIn(agreement).includes(self)) return 'evidence'
    if (get(id) === null && this.#isCrowded(from)) return 'crowded'
    if (disputeProblem(agreement, network, clock.now()) !== null) return 'over'
    const checked = found(checkEvidence(evidence, { network, verifier }))
    if (!checked.ok) return 'evidence'
    const { held, closed } = factsIn(evidence)
    if (closed !== null) return 'over'
    return held < agreement.terms.hold ? 'evidence' : null
  }

  #isCrowded(from: NodeId): boolean {
    const open = this.#deps.all().filter(({ end }) => end === null)
    const own = open.filter(({ claims }) => claims[0]?.by === from)
    return own.length >= mostOpen.ofOne || open.length >= mostOpen.ofAll
  }
}

const refused = (reason: DisputeRefusal): ExchangeAnswer => ({ type: 'refused', reason })
