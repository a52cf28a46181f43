/** How far our clock is from those of peers, by the Date of their answers, which is good to a second. */
import type { HostFacts } from '../../core/preflight/host-facts.ts'
import type { Millis } from '../../model/time.ts'

type Skew = HostFacts['clock']['peers'][number]

/** Positive when we are behind. */
export const clockSkews = (peers: readonly string[], patience: Millis, signal: AbortSignal): Promise<readonly Skew[]> =>
  Promise.all(peers.map((peer) => skewTo(peer, patience, signal)))

async function skewTo(peer: string, patience: Millis, signal: AbortSignal): Promise<Skew> {
  const url = URL.parse('/healthz', /^https?:\/\//.test(peer) ? peer : `http://${peer}`)
  if (url === null) return { peer, problem: 'that is no address' }
  try {
    const asked = Date.now()
    const response = await fetch(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(patience)]) })
    await response.body?.cancel()
    const there = Date.parse(response.headers.get('date') ?? '')
    if (Number.isNaN(there)) return { peer, problem: 'it does not tell the time' }
    return { peer, skewMs: withinSecond(there - (asked + Date.now()) / 2) }
  } catch (error) {
    const { message, cause } = error as Error
    return { peer, problem: cause instanceof Error ? cause.message : message }
  }
}

/** The Date was cut to a whole second: what that explains is no skew. */
function withinSecond(difference: Millis): Millis {
  if (difference > 0) return difference
  return Math.min(0, difference + 1_000)
}
