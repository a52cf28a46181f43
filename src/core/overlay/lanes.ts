/** What lanes are called, where they listen, and where the lanes of others are looked for. Generations take turns at two of each. */
import { parseIpv4 } from '../../lib/cidr.ts'
import type { OverlayLane } from '../../model/overlay.ts'

const turnOf = (generation: number): number => (generation + 1) % 2

export const laneName = (prefix: string, generation: number): string => `${prefix}${turnOf(generation)}`

/** Of all lanes that there can be, one after the other. */
export const laneNames = (prefix: string): readonly string[] => [1, 2].map((generation) => laneName(prefix, generation))

/** What the network of the host's containers is called, and its bridge. No lane's name ends so. */
export const bridgeName = (prefix: string): string => `${prefix}br`

/** `port` is that of the first. */
export const lanePort = (port: number, generation: number): number => port + turnOf(generation)

interface Sought {
  readonly endpoints: readonly string[]
  readonly lane: Pick<OverlayLane, 'generation' | 'port'>
}

interface Seeker {
  /** Of this host. */
  readonly addresses: readonly string[]
  /** Where a connection to the node leads; null where there is none. */
  readonly seenAt: string | null
}

/** HOST:PORT at which the node may be found, best first: where it is talked to already, then what is on a network of our own, then the rest. */
export function candidatesFor({ endpoints, lane }: Sought, { addresses, seenAt }: Seeker): readonly string[] {
  const own = new Set(addresses.map(neighbourhood))
  const written = (endpoint: string): string => withPort(endpoint, lane)
  const near = endpoints.filter((endpoint) => own.has(neighbourhood(endpoint)))
  const known = seenAt === null ? [] : [endpoints.find((endpoint) => hostOf(endpoint) === seenAt) ?? seenAt]
  return [...new Set([...known, ...near, ...endpoints].map(written))]
}

/** A port that was said is that of the first lane; the second is at the next one. */
function withPort(endpoint: string, { generation, port }: Sought['lane']): string {
  const [, host, said] = /^(\[[^\]]*\]|[^:]*)(?::(\d+))?$/.exec(endpoint) ?? []
  return `${host ?? endpoint}:${said === undefined ? port : lanePort(Number(said), generation)}`
}

export const hostOf = (endpoint: string): string => endpoint.replace(/:\d+$/, '')

/** What two addresses of one network mostly have in common; itself for what is no IPv4. */
function neighbourhood(endpoint: string): string {
  const host = hostOf(endpoint)
  return parseIpv4(host) === null ? host : host.replace(/\.\d+$/, '')
}
