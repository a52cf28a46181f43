/** From addresses to a peer that answers operations. */
import type { Millis } from '../../../model/time.ts'
import type { Address } from './address.ts'
import type { Reading, Transport } from './api.ts'
import { Api } from './api.ts'
import type { Host } from '../host.ts'
import { HttpTransport } from './http-transport.ts'

interface Connecting {
  readonly host: Host
  readonly keyFile: string | undefined
  readonly patience: Millis | undefined
  readonly reading: Reading
  readonly signal: AbortSignal
}

/** With others to go to, nobody waits long for one that does not even refuse. */
const shortPatience: Millis = 1_500

export async function connectTo(addresses: readonly Address[], connecting: Connecting): Promise<Api> {
  const { patience, reading, signal } = connecting
  const [only] = addresses
  if (only !== undefined && addresses.length === 1)
    return new Api(await transportTo(only, connecting, signal), patience, reading)
  const { FailoverTransport } = await import('./failover-transport.ts')
  const doors = addresses.map((address) => ({
    address: spelled(address),
    open: (within: AbortSignal) => transportTo(address, connecting, within, shortPatience),
  }))
  return new Api(new FailoverTransport(doors), patience, reading)
}

async function transportTo(
  address: Address,
  { host, keyFile }: Connecting,
  signal: AbortSignal,
  connectTimeout?: Millis,
): Promise<Transport> {
  if (address.kind !== 'multiaddr') return new HttpTransport(address, connectTimeout)
  const { defaultKeyFile, readOperatorKey } = await import('./operator-key.ts')
  const seed = await readOperatorKey(keyFile ?? defaultKeyFile(host))
  const [{ VisitTransport }, visit] = await Promise.all([
    import('./visit-transport.ts'),
    host.visit(address.address, seed, signal),
  ])
  return new VisitTransport(address.address, visit)
}

export const spelled = (address: Address): string =>
  address.kind === 'multiaddr'
    ? address.address
    : address.kind === 'socket'
      ? `unix:${address.path}`
      : address.url.origin
