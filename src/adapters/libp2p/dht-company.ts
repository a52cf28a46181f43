/**
 * Gets to know who else is there. kad-dht asks for those around itself a second after it has started, and then only every five minutes: who
 * reaches its first peer later than that would know nobody else for so long.
 */
import type { PeerId } from '@libp2p/interface'
import { type Millis, second } from '../../model/time.ts'
import type { Cancel, Clock } from '../../ports/clock.ts'
import type { Log } from '../../ports/log.ts'
import { deadline } from './abort.ts'
import type { Dht } from './dht-parts.ts'

/** Peers come in crowds. */
const settling: Millis = second
/** Between two times that it is asked. */
const pace: Millis = 5 * second
const patience: Millis = 20 * second

export interface CompanyDeps {
  readonly self: PeerId
  /** With so many peers it needs to know no more. */
  readonly enough: number
  readonly clock: Clock
  readonly log: Log
}

/** Whenever a peer has come into a table that has few, those around itself are asked for, until nobody new is told of. */
export function keepCompany(dht: Dht, { self, enough, clock, log }: CompanyDeps): void {
  const stop = dht.stop.bind(dht)
  let end = new AbortController()
  let cancel: Cancel | null = null
  let lookedAt: Millis = -Infinity
  const look = async (): Promise<void> => {
    const late = (): Error => new Error('to look around took too long')
    const limited = deadline({ clock, signal: end.signal, ms: patience, late })
    try {
      const found = dht.getClosestPeers(self.toMultihash().bytes, { signal: limited.signal })[Symbol.asyncIterator]()
      while ((await found.next()).done !== true);
    } finally {
      limited.clear()
    }
  }
  dht.routingTable.addEventListener('peer:add', () => {
    if (cancel !== null || end.signal.aborted || dht.routingTable.size >= enough) return
    cancel = clock.after(Math.max(settling, lookedAt + pace - clock.elapsed()), () => {
      cancel = null
      lookedAt = clock.elapsed()
      look().catch((error: unknown) => log.debug('looking around in the table of records came to nothing', { error }))
    })
  })
  dht.stop = async () => {
    cancel?.()
    cancel = null
    end.abort(new Error('the table is closed'))
    await stop()
    end = new AbortController()
  }
}
