/** Whom names outside the mesh may be asked of, so that no question comes back to where it was asked. */
import { covers, parseCidr, parseIpv4 } from '../../lib/cidr.ts'
import { placeOf, type ResolverPlace, usualPort } from '../../model/naming.ts'

export interface Reach {
  /** ADDRESS:PORT where this host answers. */
  readonly listening: readonly string[]
  /** All that this host is reached at. */
  readonly hostAddresses: readonly string[]
  /** Range of the hosts of the overlay, who all answer there and would ask others just as well; null without one. */
  readonly members: string | null
}

/** Those that are neither this host nor another of the mesh, in their order. */
export function forwardable(
  upstreams: readonly string[],
  { listening, hostAddresses, members }: Reach,
): readonly string[] {
  const own = listening.map(placeOf)
  const here = new Set(hostAddresses.map(plain))
  return upstreams.filter((upstream) => {
    const { host, port } = placeOf(upstream)
    const place = { host: reached(plain(host)), port }
    return !own.some((one) => leadsTo(place, one, here)) && !isMember(place, members)
  })
}

function leadsTo(to: ResolverPlace, { host, port }: ResolverPlace, here: ReadonlySet<string>): boolean {
  if (to.port !== port) return false
  const listens = plain(host)
  return isAny(listens) ? here.has(to.host) || isLoopback(to.host) : listens === to.host
}

function isMember({ host, port }: ResolverPlace, members: string | null): boolean {
  const range = members === null ? null : parseCidr(members)
  const base = parseIpv4(host)
  return range !== null && base !== null && port === usualPort && covers(range, { base, bits: 32 })
}

const isAny = (address: string): boolean => address === '0.0.0.0' || address === '::'

const isLoopback = (address: string): boolean => address.startsWith('127.') || address === '::1'

/** To nowhere in particular is to this host. */
function reached(address: string): string {
  if (!isAny(address)) return address
  return address === '::' ? '::1' : '127.0.0.1'
}

/** One spelling for each. */
function plain(address: string): string {
  const bare = address.replace(/%.*$/, '').replace(/^::ffff:(?=\d+\.)/i, '')
  const whole = `http://[${bare}]`
  return bare.includes(':') && URL.canParse(whole) ? new URL(whole).hostname.slice(1, -1) : bare
}
