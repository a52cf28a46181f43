/** What this host serves its API with: HTTPS wherever others reach it, unless its owner says otherwise. */
import { hostname, networkInterfaces } from 'node:os'
import { givenCertificate, ownCertificate, type ShownCertificate } from '../adapters/tls/own-certificate.ts'
import type { Config } from '../config/schema.ts'
import { isLoopback } from '../doors/api/service.ts'
import { ClawError } from '../model/failure.ts'
import type { Ground } from './ground.ts'

/** Null for plain HTTP. Throws CONFIG_INVALID for files that are no certificate and its key. */
export async function certificateFor(
  { config, disk, clock, name }: Pick<Ground, 'config' | 'disk' | 'clock' | 'name'>,
  host: string,
): Promise<ShownCertificate | null> {
  const { tls, tlsCert, tlsKey, insecureListen } = config.api
  if ((tlsCert === undefined) !== (tlsKey === undefined))
    throw new ClawError('CONFIG_INVALID', { file: 'api', problem: 'tls_cert and tls_key go together' })
  if (!isWanted({ tls, insecureListen, hasFiles: tlsCert !== undefined, isLocal: isLoopback(host) })) return null
  if (tlsCert !== undefined && tlsKey !== undefined) return givenCertificate({ certificate: tlsCert, key: tlsKey })
  return ownCertificate({ disk, name, hosts: [...reachedAs(config)], now: clock.now() })
}

interface Wish {
  readonly tls: Config['api']['tls']
  readonly insecureListen: boolean
  readonly hasFiles: boolean
  readonly isLocal: boolean
}

function isWanted({ tls, insecureListen, hasFiles, isLocal }: Wish): boolean {
  if (tls !== 'auto') return tls === 'on'
  return hasFiles || (!isLocal && !insecureListen)
}

/** Names and addresses of this host that others may use. */
function reachedAs({ api }: Config): ReadonlySet<string> {
  const addresses = Object.values(networkInterfaces()).flatMap((some) => (some ?? []).map(({ address }) => address))
  return new Set(['localhost', hostname(), ...addresses, ...api.allowHosts])
}
