/** Why work is over, as a provider tells its buyer. */
import type { LeaseReason } from '../../../model/molt-lease.ts'
import type { ToldEnd } from './purchase.ts'

export function toldEndOf(why: LeaseReason | null): ToldEnd {
  switch (why) {
    case 'completed':
    case 'failed':
    case 'used-up':
    case 'reclaimed':
      return why
    case 'over':
      return 'used-up'
    // What it waited for has not come, which can be the buyer's doing.
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
