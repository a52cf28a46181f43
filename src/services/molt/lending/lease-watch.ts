/** How a lease is as time goes on, for whoever is in its work. */
import type { Lease } from '../../../core/molt/market/lease.ts'
import type { Hash } from '../../../model/molt-agreement.ts'
import type { Millis } from '../../../model/time.ts'
import type { Clock } from '../../../ports/clock.ts'
import { Changes } from '../../logs/changes.ts'
import type { LeaseRunner } from './lease-runner.ts'
import type { LeaseStore } from './lease-store.ts'

export interface LeaseWatch {
  readonly clock: Pick<Clock, 'elapsed'>
  state(): Lease['state']
  /** Changes with whatever can be seen of it. */
  version(): number
  /** Returns once it is not that version any more, or after a while. Throws the signal's reason. */
  news(seen: number, patience: Millis, signal: AbortSignal): Promise<void>
}

interface Watched {
  readonly runner: Pick<LeaseRunner, 'version' | 'news'>
  readonly store: Pick<LeaseStore, 'get'>
  readonly clock: Pick<Clock, 'after' | 'elapsed'>
}

export function watchLease({ runner, store, clock }: Watched, key: Hash): LeaseWatch {
  const never = new Changes(clock)
  const state = (): Lease['state'] => store.get(key)?.state ?? 'closed'
  return {
    ...{ clock, state, version: () => runner.version(key) },
    // Of one that is over there is no news.
    news: (seen, patience, signal) =>
      state() === 'closed' ? never.since(0, patience, signal) : runner.news(key, seen, patience, signal),
  }
}
