/** What a provider's GPUs really do for its leases, whatever is said of it. */
import type { Instant } from '../../model/time.ts'

interface Use {
  gpuMillis: bigint
  gpus: number
  /** Null while it stands still. */
  since: Instant | null
}

export class Host {
  readonly #uses = new Map<string, Use>()

  /** The work of a lease begins to compute, or stands still. */
  turn(
    key: string,
    { gpus, isOn, now }: { readonly gpus: number; readonly isOn: boolean; readonly now: Instant },
  ): void {
    const use = this.#uses.get(key) ?? { gpuMillis: 0n, gpus, since: null }
    if (use.since !== null) use.gpuMillis += BigInt(gpus) * BigInt(now - use.since)
    use.since = isOn ? now : null
    this.#uses.set(key, use)
  }

  /** GPU-milliseconds until it was last turned on or off. */
  used(key: string): bigint {
    return this.#uses.get(key)?.gpuMillis ?? 0n
  }

  /** GPUs that compute. */
  busy(): number {
    return this.#uses.values().reduce((sum, { gpus, since }) => sum + (since === null ? 0 : gpus), 0)
  }
}
