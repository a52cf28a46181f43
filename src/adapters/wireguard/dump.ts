/** What `wg show NAME dump` prints: a line for the interface, then one for each peer, with tabs between. */
import type { TunnelPeerState, TunnelState } from '../../ports/tunnels.ts'

/** Throws for what is not of that form. The private key that stands in it is passed over. */
export function parseDump(text: string): Omit<TunnelState, 'isFenced'> {
  const [first = '', ...rest] = text.split('\n').filter((line) => line !== '')
  const [, publicKey, port] = first.split('\t')
  if (publicKey === undefined || !/^\d+$/.test(port ?? '')) throw new Error('wg has printed something else than a dump')
  return { publicKey: orNull(publicKey), port: Number(port), peers: rest.map(peerOf) }
}

function peerOf(line: string): TunnelPeerState {
  const [publicKey, , endpoint, allowed, handshake, received, sent] = line.split('\t')
  if (publicKey === undefined || endpoint === undefined || allowed === undefined || sent === undefined)
    throw new Error('wg has printed something else than a dump')
  return {
    publicKey,
    endpoint: orNull(endpoint),
    allowed: allowed === none ? [] : allowed.split(','),
    handshakeAt: Number(handshake) > 0 ? Number(handshake) * 1_000 : null,
    receivedBytes: Number(received),
    sentBytes: Number(sent),
  }
}

const none = '(none)'
const orNull = (text: string): string | null => (text === none ? null : text)
