/** At which multiaddrs a host is reached by its tailnet, and which of those of others are of one. */
import { covers, parseCidr, parseIpv4 } from '../../lib/cidr.ts'

/** What Tailscale gives out of, and Headscale unless it is told otherwise. */
const usualRange = { base: (100 * 256 + 64) * 65_536, bits: 10 }
const usualPrefix = 'fd7a:115c:a1e0:'

/** `/ip4/ADDRESS/tcp/PORT`, with whatever is behind; null for all else. */
function partsOf(multiaddr: string): { readonly address: string; readonly port: number } | null {
  const [, address, port] = /^\/ip[46]\/([0-9a-fA-F.:]+)\/tcp\/(\d{1,5})(?:\/|$)/.exec(multiaddr) ?? []
  return address === undefined || multiaddr.includes('/p2p-circuit') ? null : { address, port: Number(port) }
}

/** The IP address in a multiaddr that can be dialled straight; null where there is none. */
export const ipOf = (multiaddr: string): string | null => partsOf(multiaddr)?.address ?? null

const isIpv6 = (address: string): boolean => address.includes(':')
const anywhere = (address: string): boolean => address === '0.0.0.0' || address === '::'
const loopback = (address: string): boolean => address.startsWith('127.') || address === '::1'

export interface Listening {
  /** Multiaddrs that the host listens at; port 0 says nothing. */
  readonly listen: readonly string[]
  /** The client passes on to loopback what comes in. */
  readonly isUserspace: boolean
}

/** Only where something listens: at all addresses of that kind, or at that very one. */
export function announcedAt(addresses: readonly string[], { listen, isUserspace }: Listening): readonly string[] {
  const places = listen.flatMap((one) => partsOf(one) ?? []).filter(({ port }) => port > 0)
  const found = addresses.flatMap((address) =>
    places
      .filter(
        (place) =>
          place.address === address ||
          (isUserspace && loopback(place.address)) ||
          (anywhere(place.address) && isIpv6(place.address) === isIpv6(address)),
      )
      .map(({ port }) => `/ip${isIpv6(address) ? 6 : 4}/${address}/tcp/${port}`),
  )
  return [...new Set(found)]
}

/** Those of the range that the owner wants to be told; all where it is null. IPv6 is told only where no range is said. */
export function toldOf(addresses: readonly string[], range: string | null): readonly string[] {
  if (range === null) return addresses
  const wanted = parseCidr(range)
  return addresses.filter((address) => {
    const base = parseIpv4(address)
    return wanted !== null && base !== null && covers(wanted, { base, bits: 32 })
  })
}

export function isOfTailscale(address: string): boolean {
  const base = parseIpv4(address)
  if (base === null) return address.toLowerCase().startsWith(usualPrefix)
  return covers(usualRange, { base, bits: 32 })
}

/** Addresses of a tailnet among those that a member has told: such as Tailscale gives out, and those that this host’s own client knows. */
export function tailnetAddressesIn(
  multiaddrs: readonly string[],
  known: (address: string) => boolean,
): readonly string[] {
  const all = multiaddrs.flatMap((one) => ipOf(one) ?? [])
  return [...new Set(all.filter((address) => isOfTailscale(address) || known(address)))]
}
