/** Which hosts need a certificate, when one is to be ordered, and to which nodes its key is sealed. */
import type { HostCertificate, ShownCertificate } from '../../model/certificate.ts'
import type { NodeId } from '../../model/ids.ts'
import type { Instant, Millis } from '../../model/time.ts'
import { hour, minute } from '../../model/time.ts'
import type { MeshState } from '../state/types.ts'
import { takesAt } from './table.ts'

type Hosts = Pick<MeshState, 'ingresses'>
export type Holders = Hosts & Pick<MeshState, 'tlsNodes' | 'members' | 'certificates'>

/** How long one node may take to order one. */
export const turnSpan: Millis = 10 * minute

const firstRest: Millis = 15 * minute
const longestRest: Millis = 24 * hour

/** After so many orders in a row that came to nothing. Authorities count failures by the hour, and shut out who has too many. */
export const restAfter = (failures: number): Millis =>
  Math.min(longestRest, firstRest * 2 ** Math.min(failures - 1, 10))

/** Hosts whose ingresses want a certificate that is ordered. */
export function wantedHosts({ ingresses }: Hosts): ReadonlySet<string> {
  const hosts = new Set<string>()
  for (const { host, acme } of ingresses.values()) if (acme === true) hosts.add(host)
  return hosts
}

/** Those that take requests for it over TLS. */
export function holdersOf({ ingresses, tlsNodes, members }: Holders, host: string): readonly NodeId[] {
  const wanted = [...ingresses.values()].filter((one) => one.host === host && one.acme === true)
  return [...tlsNodes.keys()].filter((node) => {
    const labels = members.get(node)?.labels
    return labels !== undefined && wanted.some((one) => takesAt(one, labels))
  })
}

/** Two thirds of its life. */
export const renewalOf = ({ notBefore, notAfter }: Pick<ShownCertificate, 'notBefore' | 'notAfter'>): Instant =>
  notBefore + ((notAfter - notBefore) * 2) / 3

/** When the next may be ordered; null while somebody does. A key that a removed member has is not used on. */
export function dueAt({ members }: Pick<Holders, 'members'>, known: HostCertificate | undefined, at: Instant) {
  if (known === undefined) return at
  const { shown, turn, restUntil } = known
  if (turn !== null && turn.until > at) return null
  const isExposed = shown !== null && Object.keys(shown.keys).some((node) => !members.has(node as NodeId))
  return Math.max(restUntil, shown === null || isExposed ? at : renewalOf(shown))
}

/** Nodes that should have the key and do not. */
export const lacking = (state: Holders, { host, shown }: HostCertificate): readonly NodeId[] =>
  shown === null ? [] : holdersOf(state, host).filter((node) => shown.keys[node] === undefined)

/** The key of a certificate is sealed to nobody for anything else. */
export const certificateScope = (mesh: string, host: string): string => ['claw/certificate/1', mesh, host].join('\0')
