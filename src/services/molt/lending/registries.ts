/** From which registries guests' images may be pulled, by where their names lead: strangers choose these names, and this host connects to them. */
import { registryToCheck } from '../../../core/molt/market/image-rules.ts'
import type { Lending } from '../../../core/molt/market/lending.ts'
import { abortable } from '../../../lib/abortable.ts'
import { isPublicAddress } from '../../../lib/public-address.ts'
import { type Millis, minute, second } from '../../../model/time.ts'
import type { Clock } from '../../../ports/clock.ts'

/** Of a host's name, as the system resolves it; none where it has none. */
export type LookUp = (host: string) => Promise<readonly string[]>

/** Nobody waits longer for an answer. */
const patience: Millis = 3 * second
const kept: Millis = minute
const mostKept = 1_000

export class Registries {
  readonly #clock: Pick<Clock, 'after' | 'elapsed'>
  readonly #lookUp: LookUp
  /** By host. */
  readonly #found = new Map<string, { readonly at: Millis; readonly isPublic: Promise<boolean> }>()

  constructor({ clock, lookUp }: { readonly clock: Pick<Clock, 'after' | 'elapsed'>; readonly lookUp: LookUp }) {
    this.#clock = clock
    this.#lookUp = lookUp
  }

  /** Not where the name of its registry leads into networks of this host's own, unless the owner has named that registry. */
  async mayPull(images: Lending['images'], name: string): Promise<boolean> {
    const host = registryToCheck(images, name)
    if (host === null) return true
    const now = this.#clock.elapsed()
    const known = this.#found.get(host)
    if (known !== undefined && now - known.at < kept) return known.isPublic
    const isPublic = this.#isPublic(host)
    this.#found.delete(host)
    this.#found.set(host, { at: now, isPublic })
    const [oldest] = this.#found.keys()
    if (this.#found.size > mostKept && oldest !== undefined) this.#found.delete(oldest)
    return isPublic
  }

  /** A name of which nothing is found leads nowhere: an image that is here already needs none. */
  async #isPublic(host: string): Promise<boolean> {
    const late = new AbortController()
    const cancel = this.#clock.after(patience, () => late.abort())
    try {
      return (await abortable(this.#lookUp(host), late.signal)).every(isPublicAddress)
    } catch (error) {
      if (!late.signal.aborted) throw error
      return true
    } finally {
      cancel()
    }
  }
}
