/** Challenges providers at random, so often as this node's owner wants it: no provider knows when. That it is one shows, as its lease always looks the same. */
import { isClawError } from '../../../model/failure.ts'
import type { NodeId } from '../../../model/ids.ts'
import { laneMib } from '../../../lib/memory-lanes.ts'
import { parseMemoryMib } from '../../../lib/units.ts'
import { parseMolt } from '../../../model/amount.ts'
import { parseReference, repositoryOf } from '../../../model/image.ts'
import { usualSteps } from '../../../core/molt/market/challenge.ts'
import { type Buying, buyingOf } from '../../../core/molt/market/preferences.ts'
import { probeLease } from '../../../core/molt/market/probe-lease.ts'
import type { BuyingPreferences, Probes } from '../../../model/molt-preferences.ts'
import type { Offer } from '../../../model/molt-offer.ts'
import { day, minute, type Millis } from '../../../model/time.ts'
import type { Clock } from '../../../ports/clock.ts'
import type { Log } from '../../../ports/log.ts'
import type { Random } from '../../../ports/random.ts'
import type { ProbeRequest } from './probe-service.ts'
import { Loop } from '../../gateway/loop.ts'

export interface ProbeRoundsDeps {
  readonly self: NodeId
  readonly preferences: () => BuyingPreferences | null
  /** What is lent now, as far as it is known here. */
  readonly offers: () => readonly Offer[]
  /** What is found out is in the book afterwards. */
  readonly probe: (request: ProbeRequest, signal: AbortSignal) => Promise<unknown>
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
}

const every: Millis = minute

export class ProbeRounds {
  readonly #deps: ProbeRoundsDeps
  readonly #loop: Loop

  constructor(deps: ProbeRoundsDeps) {
    this.#deps = deps
    this.#loop = new Loop(deps, { every, pause: every }, (signal) => this.#perhaps(signal))
  }

  start(): void {
    this.#loop.start()
  }

  stop(): Promise<void> {
    return this.#loop.stop()
  }

  async #perhaps(signal: AbortSignal): Promise<void> {
    const { preferences, random, log } = this.#deps
    const wanted = preferences() ?? {}
    const { probes } = wanted
    if (probes === undefined || random.next() >= (probes.perDay * every) / day) return
    const provider = this.#anyProvider()
    if (provider === null) return
    try {
      await this.#deps.probe(requestOf(provider, probes, buyingOf(wanted)), signal)
    } catch (error) {
      if (signal.aborted) return
      if (!isClawError(error)) throw error
      log.info('a provider could not be challenged', { provider, reason: error.message })
    }
  }

  /** Each is as likely as any other, whatever it offers. */
  #anyProvider(): NodeId | null {
    const { offers, random, self } = this.#deps
    const all = [...new Set(offers().map(({ provider }) => provider))].filter((one) => one !== self).toSorted()
    return all[Math.floor(random.next() * all.length)] ?? null
  }
}

function requestOf(provider: NodeId, { image, maxPrice, memory, program }: Probes, buying: Buying): ProbeRequest {
  const named = { name: repositoryOf(image), digest: parseReference(image).digest ?? '' }
  const lease = probeLease(named, { ...buying, maxTotal: parseMolt(maxPrice) ?? 0n })
  const measure = { memoryMib: parseMemoryMib(memory) ?? laneMib, steps: usualSteps, within: null }
  return { ...lease, ...measure, provider, program, by: 'probes' }
}
