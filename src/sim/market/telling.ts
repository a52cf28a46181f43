/** What a provider tells of a lease, and how some of them lie about it. */
import type { Lease } from '../../core/molt/market/lease.ts'

/** It counts half as much again. */
export function inflated(before: Lease, { meter, ...after }: Lease): Lease {
  const more = meter.gpuMillis - before.meter.gpuMillis
  return { ...after, meter: { ...meter, gpuMillis: meter.gpuMillis + more / 2n } }
}
