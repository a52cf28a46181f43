/** What one peer may ask of the table, and how much at once. kad-dht itself takes messages of megabytes, as fast as they come. */
import { Buckets } from '../../lib/buckets.ts'
import { mostRecordBytes } from '../../model/record.ts'
import type { Millis } from '../../model/time.ts'
import type { Metrics } from '../../ports/metrics.ts'
import type { Asked, Dht } from './dht-parts.ts'

const perSecond = 100
const burst = 400
/** No key of ours is longer, and no peer has more addresses than are worth trying. */
const longestKey = 600
const mostAddresses = 8
/** What kad-dht puts around a record. */
const wrapping = longestKey + 128

export interface DhtLimitsDeps {
  readonly elapsed: () => Millis
  readonly metrics: Metrics
}

/** Throwing ends the stream on which the message came. */
export function limitIncoming({ rpc }: Dht, { elapsed, metrics }: DhtLimitsDeps): void {
  const buckets = new Buckets(perSecond, elapsed, { burst })
  const handle = rpc.handleMessage.bind(rpc)
  rpc.handleMessage = (peer, message) => {
    const problem = sizeProblem(message) ?? (buckets.take(peer.toString()) === 0 ? null : 'pace')
    if (problem === null) return handle(peer, message)
    metrics.count('claw_dht_refused_total', { problem })
    return Promise.reject(new Error(`refused for its ${problem}`))
  }
}

function sizeProblem({ key, record, providers, closer }: Asked): 'size' | null {
  const isSmall =
    (key?.length ?? 0) <= longestKey &&
    (record?.length ?? 0) <= mostRecordBytes + wrapping &&
    providers.length <= 1 &&
    providers.every(({ multiaddrs }) => multiaddrs.length <= mostAddresses) &&
    closer.length === 0
  return isSmall ? null : 'size'
}
