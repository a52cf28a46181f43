/** From addresses to a peer that answers operations. */
import { existsSync } from 'node:fs'
import type { Millis } from '../../../model/time.ts'
import type { Address } from './address.ts'
import type { Reading, Transport } from './api.ts'
import { Api } from './api.ts'
import type { Host } from '../host.ts'
import { type HttpAddress, HttpTransport } from './http-transport.ts'
import type { RequestSigner } from './request-signer.ts'

interface Connecting {
  readonly host: Host
  readonly keyFile: string | undefined
  /** The mesh that is meant, where that is known. */
  readonly mesh: string | null
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
  { host, keyFile, mesh }: Connecting,
  signal: AbortSignal,
  connectTimeout?: Millis,
): Promise<Transport> {
  if (address.kind !== 'multiaddr') {
    const signer = await signerFor(address, { host, keyFile, mesh })
    return new HttpTransport(address, { connectTimeout, signer, mesh })
  }
  const { defaultKeyFile, readOperatorKey } = await import('./operator-key.ts')
  const seed = await readOperatorKey(keyFile ?? defaultKeyFile(host))
  const [{ VisitTransport }, { requestSigner }, visit] = await Promise.all([
    import('./visit-transport.ts'),
    import('./request-signer.ts'),
    host.visit(address.address, seed, signal),
  ])
  return new VisitTransport(address.address, visit, requestSigner(seed, mesh))
}

/** Without a token, the key of the operator, where there is one. Null for none. */
async function signerFor(
  address: HttpAddress,
  { host, keyFile, mesh }: Pick<Connecting, 'host' | 'keyFile' | 'mesh'>,
): Promise<RequestSigner | null> {
  if (address.kind === 'socket' || address.token !== null) return null
  const { defaultKeyFile, readOperatorKey } = await import('./operator-key.ts')
  const file = keyFile ?? defaultKeyFile(host)
  if (keyFile === undefined && !existsSync(file)) return null
  const { requestSigner } = await import('./request-signer.ts')
  return requestSigner(await readOperatorKey(file), mesh)
}

export const spelled = (address: Address): string =>
  address.kind === 'multiaddr'
    ? address.address
    : address.kind === 'socket'
      ? `unix:${address.path}`
      : address.url.origin
