/** IPv4 addresses and ranges as numbers and as text. */

/** The addresses whose first `bits` bits are those of `base`. */
export interface Cidr {
  readonly base: number
  readonly bits: number
}

const part = '(25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)'
const ipv4 = new RegExp(`^${part}\\.${part}\\.${part}\\.${part}$`)

/** Null for what is no address in dotted decimal. */
export function parseIpv4(text: string): number | null {
  const parts = ipv4.exec(text)?.slice(1)
  return parts === undefined ? null : parts.reduce((sum, digits) => sum * 256 + Number(digits), 0)
}

export const formatIpv4 = (address: number): string =>
  [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.')

/** Null for what is no range, also when bits beyond its prefix are set: 10.1.0.0/8 is more likely a slip than 10.0.0.0/8. */
export function parseCidr(text: string): Cidr | null {
  const [address = '', bits = ''] = text.split('/')
  const base = parseIpv4(address)
  if (base === null || !/^\d{1,2}$/.test(bits) || text.split('/').length !== 2 || Number(bits) > 32) return null
  const cidr = { base, bits: Number(bits) }
  return base % sizeOf(cidr) === 0 ? cidr : null
}

export const formatCidr = ({ base, bits }: Cidr): string => `${formatIpv4(base)}/${bits}`

/** How many addresses it has. */
export const sizeOf = ({ bits }: Pick<Cidr, 'bits'>): number => 2 ** (32 - bits)

/** Whether the first has every address of the second. */
export const covers = (outer: Cidr, inner: Cidr): boolean =>
  outer.bits <= inner.bits && inner.base >= outer.base && inner.base < outer.base + sizeOf(outer)

export const overlap = (a: Cidr, b: Cidr): boolean => covers(a, b) || covers(b, a)
