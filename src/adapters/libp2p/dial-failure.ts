/** What can be dialled, and what it means when that fails. */
import { multiaddr, type Multiaddr } from '@multiformats/multiaddr'
import { ClawError } from '../../model/failure.ts'
import type { NodeId } from '../../model/ids.ts'

/** The addresses that name this peer, as libp2p wants them. Those that are no multiaddrs are left out. */
export function dialable(peer: NodeId, addresses: readonly string[]): readonly Multiaddr[] {
  const wanted = new Set(addresses.filter((address) => address.endsWith(`/p2p/${peer}`)))
  return [...wanted].slice(0, 16).flatMap((address) => {
    try {
      return [multiaddr(address)]
    } catch {
      // An address that somebody else wrote down wrongly is no reason not to try the next.
      return []
    }
  })
}

export const unreachable = (node: string, detail: string, cause?: unknown): ClawError =>
  new ClawError('NODE_UNREACHABLE', { node, detail }, { cause })

/** What a failed dial means in words. An encryption that fails is nearly always a network key that differs. */
export function explain(error: unknown): string {
  const text = String(error)
  if (/Encryption|pnet|preshared|pre-shared|InvalidCryptoExchange/i.test(text))
    return 'the connection could not be secured; do both have the same network key?'
  if (/timeout|timed out|abort/i.test(text)) return 'it did not answer in time'
  return error instanceof Error ? error.message : text
}
