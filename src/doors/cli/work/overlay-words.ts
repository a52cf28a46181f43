/** The overlay in words. */
import type { OutputOf } from '../../../operations/registry.ts'
import { aligned } from '../show/aligned.ts'
import { ago, facts, orDash } from '../show/words.ts'
import { tailnetLines } from './tailnet-words.ts'
import { bytesInWords } from './volume-words.ts'

type Status = OutputOf<'network.status'>
type Wireguard = OutputOf<'network.show'>

/** How the node itself takes part. */
const modes = {
  off: 'there is no overlay',
  apart: 'not at all, as its settings want it',
  managed: 'its daemon sets WireGuard up',
  manual: 'its owner sets WireGuard up',
} as const

export function overlayLines(status: Status): readonly string[] {
  const { tailnet } = status
  return [...ownLines(status), ...(tailnet === null ? [] : ['', ...tailnetLines(tailnet)])]
}

function ownLines(status: Status): readonly string[] {
  const problems = status.problems.map((problem) => `! ${problem}`)
  if (!status.enabled) return ['The overlay is off: clawbernetes network wg enable turns it on', ...problems]
  const { rotation } = status
  return [
    ...facts([
      ['Nodes', status.nodesRange ?? ''],
      ['Containers', status.containersRange ?? ''],
      ['Keys', `generation ${status.generation ?? 0}${status.presharedKeys ? ', with preshared keys' : ''}`],
      ...(rotation === null ? [] : [['Rotating', rotationInWords(rotation)] as const]),
      ['This node', modes[status.mode]],
    ]),
    ...problems,
    '',
    ...aligned([
      ['NODE', 'ADDRESS', 'CONTAINERS', 'LINK', 'ENDPOINTS', ''],
      ...status.nodes.map((one) => [
        ...[one.node, one.address, one.subnet],
        ...[one.publicKey === null ? 'left' : one.link, orDash(one.endpoints.join(', '))],
        [
          ...(one.behindNat ? ['behind NAT'] : []),
          ...(one.managed ? [] : ['by hand']),
          ...(one.hub ? ['hub'] : []),
          ...(one.via === null ? [] : [`by ${one.via}`]),
        ].join(', '),
      ]),
    ]),
  ]
}

const rotationInWords = ({ nodes, waitingFor, since }: NonNullable<Status['rotation']>): string =>
  `keys of ${nodes?.join(', ') ?? 'all nodes'} since ${since}; waits for ${waitingFor.join(', ') || 'nobody'}`

export function wireguardLines({ node, mode, problems, interfaces }: Wireguard): readonly string[] {
  return [
    ...facts([
      ['Node', node],
      ['Takes part', modes[mode]],
    ]),
    ...problems.map((problem) => `! ${problem}`),
    ...interfaces.flatMap((one) => [
      '',
      ...facts([
        ['Interface', `${one.name}, generation ${one.generation}`],
        ['Address', one.address],
        ['Port', `${one.port}/udp`],
        ['MTU', String(one.mtu)],
        ['Public key', one.publicKey],
        ['File', one.file],
      ]),
      ...aligned([
        ['PEER', 'ENDPOINT', 'HANDSHAKE', 'RECEIVED', 'SENT', 'ALLOWED'],
        ...one.peers.map((peer) => [
          ...[peer.node, orDash(peer.endpoint), ago(peer.handshakeAt)],
          ...[peer.receivedBytes, peer.sentBytes].map((bytes) => (bytes === null ? '—' : bytesInWords(bytes))),
          orDash(peer.allowed.join(', ')),
        ]),
      ]),
    ]),
  ]
}
