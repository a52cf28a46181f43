/** What a provider tells of a lease, and how some of them lie about it. */
import type { Lease } from '../../core/molt/market/lease.ts'
import type { Message } from './message.ts'

/** It counts half as much again. */
export function inflated(before: Lease, { meter, ...after }: Lease): Lease {
  const more = meter.gpuMillis - before.meter.gpuMillis
  return { ...after, meter: { ...meter, gpuMillis: meter.gpuMillis + more / 2n } }
}

/** Why it ended, in words for the buyer. */
export function endedAs(why: Lease['why']): Extract<Message, { readonly type: 'ended' }>['why'] {
  switch (why) {
    case 'completed':
    case 'failed':
    case 'reclaimed':
      return why
    case 'used-up':
    case 'over':
      return 'used-up'
    case 'expired':
    case 'unfunded':
    case 'not-started':
    case 'unvouched':
    case 'cancelled':
      return 'let-go'
    case null:
      return 'stopped'
  }
}
