/** Where other members are, and where they see this host: what the connections to them tell. */
import type { IdentifyResult } from '@libp2p/interface'
import { type NodeId, nodeId } from '../../model/ids.ts'
import type { Node } from './node.ts'

/** Addresses that do not count. */
type Except = (address: string) => boolean

export interface Sights {
  /** IP address at the other end of a direct connection to the node; null where there is none. */
  seenAt(node: NodeId, except: Except): string | null
  /** IP addresses at which members see this host, each once. */
  observed(except: Except): readonly string[]
}

/** Strangers may say what they like; `isMember` tells who counts. */
export function sights(node: Node, isMember: (peer: NodeId) => boolean): Sights {
  /** What each said, newest first: by another way it sees another address. It stays when it goes, so that nothing has to be announced anew for that. */
  const said = new Map<NodeId, readonly string[]>()
  node.addEventListener('peer:identify', ({ detail: { peerId, observedAddr } }: CustomEvent<IdentifyResult>) => {
    const address = observedAddr === undefined ? null : ipOf(observedAddr.toString())
    if (address === null) return
    // A newcomer is told before it knows who belongs to the mesh.
    if (said.size >= mostKept) for (const peer of said.keys()) if (!isMember(peer)) said.delete(peer)
    const peer = nodeId(peerId.toString())
    const before = said.get(peer) ?? []
    if (said.size < mostKept || before.length > 0)
      said.set(peer, [address, ...before.filter((one) => one !== address)].slice(0, mostWays))
  })
  return {
    seenAt(peer, except) {
      const direct = node
        .getConnections()
        .filter(({ remotePeer, direct: isDirect }) => isDirect && remotePeer.toString() === peer)
      const places = direct.map(({ remoteAddr }) => ipOf(remoteAddr.toString()))
      return places.find((address) => address !== null && !except(address)) ?? null
    },
    observed(except) {
      const newest = Array.from(said, ([peer, ways]) => (isMember(peer) ? ways.find((at) => !except(at)) : undefined))
      return [...new Set(newest.filter((at) => at !== undefined))].toSorted()
    },
  }
}

/** Members, and strangers among them. */
const mostKept = 1_000
/** Such as by the LAN, by a tailnet and by the overlay. */
const mostWays = 4

/** In brackets for IPv6; null for loopback, and for what is reached by way of others. */
function ipOf(multiaddr: string): string | null {
  if (multiaddr.includes('/p2p-circuit')) return null
  const [, version, address] = /^\/ip([46])\/([0-9a-fA-F:.]+)(?:\/|$)/.exec(multiaddr) ?? []
  if (address === undefined || /^(127\.|::1$|fe80:)/.test(address)) return null
  return version === '6' ? `[${address}]` : address
}
