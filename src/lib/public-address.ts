/** Addresses that lead into somebody's own networks, or nowhere, and those that are the same from everywhere. */
import { covers, parseCidr, parseIpv4 } from './cidr.ts'

/** Of this host, of its link and its networks, shared by carriers, for documents and tests, for many and for later. */
const ownRanges = [
  ...['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12', '192.0.0.0/24'],
  ...['192.0.2.0/24', '192.168.0.0/16', '198.18.0.0/15', '198.51.100.0/24', '203.0.113.0/24', '224.0.0.0/3'],
  // Where a cloud answers its own machines.
  '168.63.129.16/32',
].flatMap((text) => parseCidr(text) ?? [])

/** An IP address as the system writes it. */
export function isPublicAddress(address: string): boolean {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '')
  const base = parseIpv4(plain)
  if (base !== null) return !ownRanges.some((range) => covers(range, { base, bits: 32 }))
  // Of IPv6 only what is given out for the internet; those that have an address of IPv4 in them lead wherever that does.
  return /^[23][0-9a-f]{3}:/i.test(plain) && !/^(2002|2001:0?db8|2001:0{0,4}):/i.test(plain)
}
