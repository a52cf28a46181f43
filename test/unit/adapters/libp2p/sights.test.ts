/** Where members see this host, and where it sees them, by connections of every way. */
import { multiaddr } from '@multiformats/multiaddr'
import { expect, test } from 'vitest'
import type { Node } from '../../../../src/adapters/libp2p/node.ts'
import { sights } from '../../../../src/adapters/libp2p/sights.ts'
import { nodeId } from '../../../../src/model/ids.ts'

/** A node of which only what is told and who is connected is there. */
class ToldNode extends EventTarget {
  connections: readonly { readonly remotePeer: string; readonly remoteAddr: string; readonly direct: boolean }[] = []

  getConnections() {
    return this.connections
  }

  /** The peer says at which address it sees this host. */
  say(peerId: string, address: string): void {
    const detail = { peerId, observedAddr: multiaddr(address) }
    this.dispatchEvent(new CustomEvent('peer:identify', { detail }))
  }
}

const isInside = (address: string): boolean => address.startsWith('10.100.')
const nothing = (): boolean => false

function given() {
  const node = new ToldNode()
  return { node, seen: sights(node as unknown as Node, (peer) => peer !== 'stranger') }
}

test('given a member that sees the host by the overlay as well, what it saw outside of that still counts', () => {
  const { node, seen } = given()
  node.say('ada', '/ip4/203.0.113.7/tcp/4710')
  node.say('ada', '/ip4/10.100.0.1/tcp/4710')
  node.say('stranger', '/ip4/198.51.100.1/tcp/4710')
  expect(seen.observed(isInside)).toEqual(['203.0.113.7'])
  expect(seen.observed(nothing)).toEqual(['10.100.0.1'])
})

test('given an address that has changed, the newest counts', () => {
  const { node, seen } = given()
  for (const last of [1, 2, 3, 4, 5, 6]) node.say('ada', `/ip4/203.0.113.${last}/tcp/4710`)
  expect(seen.observed(isInside)).toEqual(['203.0.113.6'])
})

test('given connections by several ways, a member is seen by one that does not lead through the overlay', () => {
  const { node, seen } = given()
  node.connections = ['/ip4/10.100.0.2/tcp/4710', '/ip4/192.0.2.2/tcp/4710'].map((remoteAddr) => ({
    ...{ remotePeer: 'ada', remoteAddr, direct: true },
  }))
  expect(seen.seenAt(nodeId('ada'), isInside)).toBe('192.0.2.2')
  expect(seen.seenAt(nodeId('bob'), isInside)).toBeNull()
})
