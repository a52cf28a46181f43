/** Whether an interface still has what it was given. */
import type { TunnelConfig } from '../../core/overlay/render.ts'
import type { TunnelState } from '../../ports/tunnels.ts'

interface Given {
  readonly publicKey: string
  readonly peers: TunnelConfig['peers']
}

/** False when somebody has taken it away, or part of it. */
export function isKept(there: TunnelState | null, { publicKey, peers }: Given): boolean {
  const has = new Set(there?.peers.map((peer) => peer.publicKey))
  const isWhole = has.size === peers.length && peers.every((peer) => has.has(peer.publicKey))
  return there?.publicKey === publicKey && there.isFenced && isWhole
}
