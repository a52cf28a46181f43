/** How large a packet inside the overlay may be, so that it gets through in one piece with what WireGuard puts around it. */
import { hostOf } from '../../core/overlay/lanes.ts'
import type { Millis } from '../../model/time.ts'
import { minute } from '../../model/time.ts'
import type { PlannedLane } from './plan-lane.ts'
import type { OverlayDeps } from './types.ts'

/** Headers of IPv6 and UDP, and of WireGuard itself. */
const overhead = 80
/** On a path of 1500, as nearly all are. */
const usual = 1_420
/** The least that IPv6 lets a link have. */
const least = 1_280
const lookAgain: Millis = 5 * minute

export class MtuFinder {
  readonly #deps: Pick<OverlayDeps, 'clock' | 'tunnels'>
  #known: { readonly hosts: string; readonly mtu: number; readonly until: Millis } | null = null

  constructor(deps: Pick<OverlayDeps, 'clock' | 'tunnels'>) {
    this.#deps = deps
  }

  async find(lanes: readonly PlannedLane[], signal: AbortSignal): Promise<number> {
    const { clock, tunnels } = this.#deps
    const endpoints = lanes.flatMap(({ config }) => config.peers.flatMap(({ endpoint }) => endpoint ?? []))
    const hosts = [...new Set(endpoints.map((endpoint) => hostOf(endpoint).replace(/[[\]]/g, '')))].toSorted()
    const key = hosts.join(' ')
    if (this.#known?.hosts === key && this.#known.until > clock.elapsed()) return this.#known.mtu
    const path = hosts.length === 0 ? null : await tunnels.pathMtu(hosts, signal)
    const mtu = path === null ? usual : Math.max(least, path - overhead)
    this.#known = { hosts: key, mtu, until: clock.elapsed() + lookAgain }
    return mtu
  }
}
