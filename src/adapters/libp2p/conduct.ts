/** How peers behave: how much each may ask for, what each did wrong, and who is kept out for a while because of it. */
import type { NodeId } from '../../model/ids.ts'
import { minute, type Instant, type Millis, second } from '../../model/time.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Log } from '../../ports/log.ts'
import type { Metrics } from '../../ports/metrics.ts'

export interface ConductLimits {
  /** Requests and notices per second that one peer may send over a long time. */
  readonly perSecond: number
  /** How many it may send at once after a pause. */
  readonly burst: number
}

/** So many wrongs within `wrongsSpan` keep a peer out for `banSpan`. */
const wrongsAllowed = 10
const wrongsSpan: Millis = minute
const banSpan: Millis = minute
/** Peers that are remembered. Beyond, the one that was quiet for longest is forgotten. */
const maxStandings = 4_096

interface Standing {
  tokens: number
  filledAt: Millis
  wrongs: Instant[]
  floodedAt: Millis
  bannedUntil: Millis
}

export interface ConductDeps {
  readonly clock: Clock
  readonly log: Log
  readonly metrics: Metrics
  readonly limits: ConductLimits
  /** The peer has used up what it may do wrong: cut it off. */
  readonly onBan: (peer: NodeId) => void
}

export class Conduct {
  readonly #deps: ConductDeps
  readonly #standings = new Map<NodeId, Standing>()

  constructor(deps: ConductDeps) {
    this.#deps = deps
  }

  /** Takes one request's worth from the peer's bucket; false when it is empty. */
  allow(peer: NodeId): boolean {
    const { clock, limits } = this.#deps
    const standing = this.#standingOf(peer)
    const now = clock.elapsed()
    standing.tokens = Math.min(limits.burst, standing.tokens + ((now - standing.filledAt) * limits.perSecond) / second)
    standing.filledAt = now
    if (standing.tokens >= 1) {
      standing.tokens -= 1
      return true
    }
    if (now - standing.floodedAt >= second) {
      standing.floodedAt = now
      this.blame(peer, 'flood')
    }
    return false
  }

  /** Counts something that no honest peer does. */
  blame(peer: NodeId, reason: string): void {
    const { clock, log, metrics, onBan } = this.#deps
    metrics.count('claw_net_violations_total', { reason })
    log.warn('peer broke the protocol', { peer, reason })
    const standing = this.#standingOf(peer)
    const now = clock.elapsed()
    standing.wrongs = [...standing.wrongs.filter((at) => now - at < wrongsSpan), now]
    if (standing.wrongs.length < wrongsAllowed) return
    standing.wrongs = []
    standing.bannedUntil = now + banSpan
    metrics.count('claw_net_bans_total')
    log.warn('peer is kept out for a while', { peer, ms: banSpan })
    onBan(peer)
  }

  isBanned(peer: NodeId): boolean {
    const until = this.#standings.get(peer)?.bannedUntil ?? 0
    return until > this.#deps.clock.elapsed()
  }

  #standingOf(peer: NodeId): Standing {
    const { clock, limits } = this.#deps
    const now = clock.elapsed()
    const known = this.#standings.get(peer)
    const standing = known ?? {
      tokens: limits.burst,
      filledAt: now,
      wrongs: [],
      floodedAt: -Infinity,
      bannedUntil: -Infinity,
    }
    // The map keeps the order of insertion: who behaved last stands last.
    this.#standings.delete(peer)
    this.#standings.set(peer, standing)
    if (this.#standings.size > maxStandings) this.#forgetQuietest()
    return standing
  }

  #forgetQuietest(): void {
    for (const peer of this.#standings.keys()) {
      if (this.isBanned(peer)) continue
      this.#standings.delete(peer)
      return
    }
  }
}
