/** Which hosts need a certificate, when one is to be ordered, and to which nodes its key is sealed. */
import type { HostCertificate, ShownCertificate } from '../../model/certificate.ts'
import { sealedTo } from '../../model/certificate.ts'
import type { NodeId } from '../../model/ids.ts'
import type { Ingress } from '../../model/ingress.ts'
import type { Member } from '../../model/node.ts'
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

/** Whether a node with these labels takes requests for the host, and so may have its key. */
const maySee = (wanted: readonly Ingress[], labels: Member['labels'] | undefined): boolean =>
  labels !== undefined && wanted.some((one) => takesAt(one, labels))

const wantedFor = ({ ingresses }: Hosts, host: string): readonly Ingress[] =>
  [...ingresses.values()].filter((one) => one.host === host && one.acme === true)

/** Those that take requests for it over TLS. */
export function holdersOf({ ingresses, tlsNodes, members }: Holders, host: string): readonly NodeId[] {
  const wanted = wantedFor({ ingresses }, host)
  return [...tlsNodes.keys()].filter((node) => maySee(wanted, members.get(node)?.labels))
}

/** Hosts that the node may order for: whoever orders makes the key, so only what it takes requests for. */
export function orderedBy({ ingresses, tlsNodes, members }: Holders, node: NodeId): ReadonlySet<string> {
  const hosts = new Set<string>()
  const labels = members.get(node)?.labels
  if (labels === undefined || tlsNodes.get(node)?.orders !== true) return hosts
  for (const one of ingresses.values()) if (one.acme === true && takesAt(one, labels)) hosts.add(one.host)
  return hosts
}

/** Two thirds of its life. */
export const renewalOf = ({ notBefore, notAfter }: Pick<ShownCertificate, 'notBefore' | 'notAfter'>): Instant =>
  notBefore + ((notAfter - notBefore) * 2) / 3

/**
 * When the next may be ordered; null while somebody does. A key is not used on that a removed member has, or one that takes no requests for
 * the host any more by its labels.
 */
export function dueAt(state: Pick<Holders, 'members' | 'ingresses'>, known: HostCertificate | undefined, at: Instant) {
  if (known === undefined) return at
  const { host, shown, turn, restUntil } = known
  if (turn !== null && turn.until > at) return null
  return Math.max(restUntil, shown === null || isExposed(state, host, shown) ? at : renewalOf(shown))
}

function isExposed(
  { members, ingresses }: Pick<Holders, 'members' | 'ingresses'>,
  host: string,
  { keys }: ShownCertificate,
): boolean {
  const wanted = wantedFor({ ingresses }, host)
  return Object.keys(keys).some((node) => !maySee(wanted, members.get(node as NodeId)?.labels))
}

/** Nodes that should have the key and do not. */
export const lacking = (state: Holders, { host, shown }: HostCertificate): readonly NodeId[] =>
  shown === null ? [] : holdersOf(state, host).filter((node) => sealedTo(shown, node) === undefined)

/** The key of a certificate is sealed to nobody for anything else. */
export const certificateScope = (mesh: string, host: string): string => ['claw/certificate/1', mesh, host].join('\0')
