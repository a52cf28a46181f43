/** What of a lease is worth a record, and when nothing is left of it, nor needed by others. */
import type { Lease } from './lease.ts'
import { leaseText } from './lease.ts'

/** Nothing is left to be done for it. */
export const isOver = ({ state, isStopped, data }: Lease): boolean =>
  state === 'closed' && isStopped && (data === null || data.isWiped)

/** Whether other guests, who have paid and have not gone, rely on the image of this lease. */
export const isImageShared = ({ key, agreement }: Lease, all: readonly Lease[]): boolean =>
  all.some((other) => other.key !== key && !other.isStopped && other.agreement?.terms.image === agreement?.terms.image)

/** The meter of work that runs needs no record of its own: it is counted from the last one. */
export function isNews(before: Lease, after: Lease): boolean {
  const still = (lease: Lease): Lease => ({
    ...lease,
    meter: { ...lease.meter, at: 0, gpuMillis: 0n },
  })
  const isSame = before.state === after.state && before.meter.isRunning === after.meter.isRunning
  return !isSame || leaseText(still(before)) !== leaseText(still(after))
}
