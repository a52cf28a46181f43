/** Which address and which subnet a slot stands for: the same on every peer, and never the same for two. */
import type { Cidr } from '../../lib/cidr.ts'
import { covers, formatCidr, formatIpv4, overlap, parseCidr, parseIpv4, sizeOf } from '../../lib/cidr.ts'
import type { NodeId } from '../../model/ids.ts'
import type { Overlay, OverlaySettings } from '../../model/overlay.ts'

type Ranges = Pick<OverlaySettings, 'nodes' | 'containers' | 'containerBits'>

/** Why these settings cannot be; null when they can. */
export function settingsProblem({ nodes, containers, containerBits }: Ranges): string | null {
  const [own, inner] = [parseCidr(nodes), parseCidr(containers)]
  if (own === null) return `${nodes} is no range of addresses such as 10.100.0.0/16`
  if (inner === null) return `${containers} is no range of addresses such as 10.200.0.0/16`
  if (!isPrivate(own)) return `${nodes} is not private: take some of 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16`
  if (!isPrivate(inner)) return `${containers} is not private: take some of 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16`
  if (overlap(own, inner)) return `${nodes} and ${containers} overlap`
  if (own.bits > 30) return `${nodes} is too small`
  if (containerBits <= inner.bits || containerBits > 30)
    return `a node cannot have a /${containerBits} of ${containers}: it must be smaller than that, and at least a /30`
  return null
}

/** 100.64.0.0/10 is shared by carriers, and by others that make overlays: it is not for us. */
const privateRanges = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16']

const isPrivate = (cidr: Cidr): boolean =>
  privateRanges.some((range) => overlap(rangeOf(range), cidr) && cidr.bits >= rangeOf(range).bits)

/** How many nodes there is room for. Slot 0 is nobody's, and neither is the last address of the nodes. */
export const capacityOf = ({ nodes, containers, containerBits }: Ranges): number =>
  Math.min(sizeOf(rangeOf(nodes)) - 2, 2 ** (containerBits - rangeOf(containers).bits) - 1)

/** The node's own address. */
export const addressOf = ({ nodes }: Ranges, slot: number): string => formatIpv4(rangeOf(nodes).base + slot)

/** The part of the containers' range that is its own. */
export const subnetOf = ({ containers, containerBits }: Ranges, slot: number): string =>
  formatCidr({ base: rangeOf(containers).base + slot * sizeOf({ bits: containerBits }), bits: containerBits })

/** The node's end of its part, with the prefix length. */
export const gatewayIn = (subnet: string): string => {
  const { base, bits } = rangeOf(subnet)
  return `${formatIpv4(base + 1)}/${bits}`
}

/**
 * Whether a container of the node can have this address: it is of the node's own part, and neither its first, which is the part's name,
 * nor the second, which is the node's end of it, nor the last, which is for all.
 */
export function mayGive(overlay: Overlay | null, node: NodeId, address: string): boolean {
  const slot = overlay?.nodes.get(node)?.slot
  const base = parseIpv4(address)
  if (overlay === null || slot === undefined || base === null) return false
  const part = rangeOf(subnetOf(overlay.settings, slot))
  const index = base - part.base
  return covers(part, { base, bits: 32 }) && index >= 2 && index < sizeOf(part) - 1
}

/** Whether it leads into the overlay, so that the overlay cannot be reached by it. */
export function leadsInside({ nodes, containers }: Pick<Ranges, 'nodes' | 'containers'>, address: string): boolean {
  const base = parseIpv4(address)
  return base !== null && [nodes, containers].some((range) => covers(rangeOf(range), { base, bits: 32 }))
}

/** Everything that is to reach the node in this slot. */
export const rangesOf = (ranges: Ranges, slot: number): readonly string[] => [
  `${addressOf(ranges, slot)}/32`,
  subnetOf(ranges, slot),
]

/** The lowest that nobody has; null when all are taken. */
export function freeSlot(ranges: Ranges, taken: ReadonlySet<number>): number | null {
  const last = capacityOf(ranges)
  for (let slot = 1; slot <= last; slot += 1) if (!taken.has(slot)) return slot
  return null
}

function rangeOf(text: string): Cidr {
  const range = parseCidr(text)
  if (range === null) throw new Error(`settings that were not checked: ${text}`)
  return range
}
