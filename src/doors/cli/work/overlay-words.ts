/** The overlay in words. */
import type { OutputOf } from '../../../operations/registry.ts'
import { ago, facts, orDash } from '../show/words.ts'
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
          peer.allowed.join(', '),
        ]),
      ]),
    ]),
  ]
}

function aligned(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)))
  return rows.map((row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}
