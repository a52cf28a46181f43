/** From an address to a peer that answers operations. */
import type { Reading } from './api.ts'
import { Api } from './api.ts'
import type { Millis } from '../../model/time.ts'
import type { Address } from './address.ts'
import type { Host } from './host.ts'
import { HttpTransport } from './http-transport.ts'
import { defaultKeyFile, readOperatorKey } from './operator-key.ts'

interface Connecting {
  readonly host: Host
  readonly keyFile: string | undefined
  readonly patience: Millis | undefined
  readonly reading: Reading
  readonly signal: AbortSignal
}

export async function connectTo(
  address: Address,
  { host, keyFile, patience, reading, signal }: Connecting,
): Promise<Api> {
  if (address.kind !== 'multiaddr') return new Api(new HttpTransport(address), patience, reading)
  const seed = await readOperatorKey(keyFile ?? defaultKeyFile(host))
  const [{ VisitTransport }, visit] = await Promise.all([
    import('./visit-transport.ts'),
    host.visit(address.address, seed, signal),
  ])
  return new Api(new VisitTransport(address.address, visit), patience, reading)
}
