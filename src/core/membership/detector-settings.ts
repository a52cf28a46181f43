/** How patient the failure detector is. Times in milliseconds. */
import type { Millis } from '../../model/time.ts'

export interface DetectorSettings {
  /** One peer is probed in each period. */
  readonly period: Millis
  /** How long one attempt of a probe waits. */
  readonly pingTimeout: Millis
  /** Attempts of one probe: the first direct, the others direct and through other peers. */
  readonly attempts: number
  /** How many other peers are asked in each later attempt. */
  readonly proxies: number
  /** Shortest time from suspicion to loss, in a mesh of up to ten nodes. */
  readonly suspicionMin: Millis
  /** A suspicion that nobody confirms lasts so many times longer. */
  readonly suspicionFactor: number
  /** After so many independent confirmations a suspicion lasts its shortest. */
  readonly confirmations: number
  /** Local health is counted from 0, well, to this; it stretches period and time-outs by one more each. */
  readonly worstHealth: number
  /** A timer that fires so late shows that this process was not running, and that nothing can be said of the others. */
  readonly stallAfter: Millis
  /** While there is news, it is sent to some peers so often. */
  readonly spreadEvery: Millis
  readonly spreadTo: number
  /** Each piece of news is sent this many times the logarithm of the mesh's size. */
  readonly retransmit: number
  /** In larger meshes only connected peers are probed: there, nobody is connected to everybody. */
  readonly denseUpTo: number
  /** Messages of one peer that are taken in a second, and at once. */
  readonly messagesPerSecond: number
}

export const detectorDefaults: DetectorSettings = {
  period: 1_000,
  pingTimeout: 350,
  attempts: 3,
  proxies: 3,
  suspicionMin: 3_000,
  suspicionFactor: 3,
  confirmations: 3,
  worstHealth: 8,
  stallAfter: 250,
  spreadEvery: 200,
  spreadTo: 4,
  retransmit: 4,
  denseUpTo: 64,
  messagesPerSecond: 100,
}

/**
 * How long a suspicion lasts with so many independent confirmations, in a mesh of so many nodes (Lifeguard, arXiv 1707.00788, 4.2):
 * the fewer say so, the longer it takes. With nobody else to confirm it, it lasts its shortest.
 */
export function suspicionSpan(confirmations: number, nodes: number, settings: DetectorSettings): Millis {
  const shortest = settings.suspicionMin * Math.max(1, Math.log10(nodes / 10))
  const enough = Math.min(settings.confirmations, nodes - 2)
  if (enough <= 0) return shortest
  const longest = shortest * settings.suspicionFactor
  const share = Math.log(confirmations + 1) / Math.log(enough + 1)
  return Math.max(shortest, longest - (longest - shortest) * share)
}
