/** From an address to a peer that answers operations. */
import { Api } from './api.ts'
import type { Address } from './address.ts'
import type { Host } from './host.ts'
import { HttpTransport } from './http-transport.ts'
import { defaultKeyFile, readOperatorKey } from './operator-key.ts'

interface Connecting {
  readonly host: Host
  readonly keyFile: string | undefined
  readonly signal: AbortSignal
}

export async function connectTo(address: Address, { host, keyFile, signal }: Connecting): Promise<Api> {
  if (address.kind !== 'multiaddr') return new Api(new HttpTransport(address))
  const seed = await readOperatorKey(keyFile ?? defaultKeyFile(host))
  const [{ VisitTransport }, visit] = await Promise.all([
    import('./visit-transport.ts'),
    host.visit(address.address, seed, signal),
  ])
  return new Api(new VisitTransport(address.address, visit))
}
