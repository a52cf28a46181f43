/** Where other members are, and where they see this host: what the connections to them tell. */
import type { IdentifyResult } from '@libp2p/interface'
import { type NodeId, nodeId } from '../../model/ids.ts'
import type { Node } from './node.ts'

export interface Sights {
  /** IP address at the other end of a direct connection to the node; null where there is none. */
  seenAt(node: NodeId): string | null
  /** IP addresses at which members see this host, each once. */
  observed(): readonly string[]
}

/** Strangers may say what they like; `isMember` tells who counts. */
export function sights(node: Node, isMember: (peer: NodeId) => boolean): Sights {
  /** What each said last. It stays when it goes, so that nothing has to be announced anew for that. */
  const said = new Map<NodeId, string>()
  node.addEventListener('peer:identify', ({ detail: { peerId, observedAddr } }: CustomEvent<IdentifyResult>) => {
    const address = observedAddr === undefined ? null : ipOf(observedAddr.toString())
    if (address === null) return
    // A newcomer is told before it knows who belongs to the mesh.
    if (said.size >= mostKept) for (const peer of said.keys()) if (!isMember(peer)) said.delete(peer)
    if (said.size < mostKept) said.set(nodeId(peerId.toString()), address)
  })
  return {
    seenAt(peer) {
      const direct = node
        .getConnections()
        .filter(({ remotePeer, direct: isDirect }) => isDirect && remotePeer.toString() === peer)
      return direct.map(({ remoteAddr }) => ipOf(remoteAddr.toString())).find((address) => address !== null) ?? null
    },
    observed: () => [...new Set(Array.from(said).flatMap(([peer, at]) => (isMember(peer) ? [at] : [])))].toSorted(),
  }
}

/** Members, and strangers among them. */
const mostKept = 1_000

/** In brackets for IPv6; null for loopback, and for what is reached by way of others. */
function ipOf(multiaddr: string): string | null {
  if (multiaddr.includes('/p2p-circuit')) return null
  const [, version, address] = /^\/ip([46])\/([0-9a-fA-F:.]+)(?:\/|$)/.exec(multiaddr) ?? []
  if (address === undefined || /^(127\.|::1$|fe80:)/.test(address)) return null
  return version === '6' ? `[${address}]` : address
}
