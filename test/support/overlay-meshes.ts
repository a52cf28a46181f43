/** Overlays of any shape, and packets that are sent through them as WireGuard would: by what each node takes from whom. */
import fc from 'fast-check'
import type { Neighbour, Site } from '../../src/core/overlay/topology.ts'
import { neighboursOf } from '../../src/core/overlay/topology.ts'
import { covers, parseCidr, parseIpv4 } from '../../src/lib/cidr.ts'
import type { NodeId } from '../../src/model/ids.ts'
import { nodeId } from '../../src/model/ids.ts'
import type { OverlaySettings } from '../../src/model/overlay.ts'
import { defaultOverlay } from '../../src/model/overlay.ts'

export interface Shape {
  readonly settings: OverlaySettings
  readonly sites: readonly Site[]
}

/** Of 2 to 140 nodes, with gaps between their slots. */
export const shape: fc.Arbitrary<Shape> = fc
  .record({
    slots: fc.uniqueArray(fc.integer({ min: 1, max: 250 }), { minLength: 2, maxLength: 140 }),
    nat: fc.array(fc.boolean(), { minLength: 140, maxLength: 140 }),
    hub: fc.array(fc.constantFrom('no', 'no', 'no', 'able', 'chosen'), { minLength: 140, maxLength: 140 }),
    byHand: fc.array(fc.boolean(), { minLength: 140, maxLength: 140 }),
    lost: fc.array(fc.boolean(), { minLength: 140, maxLength: 140 }),
    meshUpTo: fc.constantFrom(2, 5, 50, 500),
    apart: fc.array(fc.tuple(fc.nat(139), fc.nat(139)), { maxLength: 200 }),
  })
  .map(({ slots, nat, hub, byHand, lost, meshUpTo, apart }) => ({
    settings: { ...defaultOverlay, meshUpTo },
    sites: slots.map((slot, i) => ({
      ...{ node: nameOf(slot), slot, isBehindNat: nat[i] ?? false, isManaged: byHand[i] !== true },
      ...{ hub: hub[i] ?? 'no', isUp: lost[i] !== true },
      detours: apart.flatMap(([one, other]) => {
        const there = slots[other]
        return one === i && other !== i && there !== undefined ? [nameOf(there)] : []
      }),
    })),
  }))

const nameOf = (slot: number): NodeId => nodeId(`node-${slot}`)

/** What each node has in its configuration. */
export const tables = ({ settings, sites }: Shape): ReadonlyMap<NodeId, readonly Neighbour[]> =>
  new Map(sites.map(({ node }) => [node, neighboursOf(node, sites, settings)]))

/** Whom the longest of the ranges with the address in it belongs to. */
export function ownerOf(table: readonly Neighbour[], address: string): NodeId | null {
  const target = parseIpv4(address) ?? NaN
  const fitting = table.flatMap(({ node, allowed }) =>
    allowed.flatMap((text) => {
      const range = parseCidr(text)
      return range !== null && covers(range, { base: target, bits: 32 }) ? [{ node, bits: range.bits }] : []
    }),
  )
  return fitting.toSorted((a, b) => b.bits - a.bits)[0]?.node ?? null
}

/** By whom a packet gets there, its sender first; null when somebody drops it. */
export function pathOf(
  all: ReadonlyMap<NodeId, readonly Neighbour[]>,
  packet: { readonly from: string; readonly to: string; readonly source: NodeId; readonly target: NodeId },
): readonly NodeId[] | null {
  const path = [packet.source]
  while (path.at(-1) !== packet.target) {
    const here = path.at(-1) ?? packet.source
    const next = ownerOf(all.get(here) ?? [], packet.to)
    if (next === null || path.includes(next)) return null
    // What comes from a neighbour and is not of its ranges is dropped.
    if (ownerOf(all.get(next) ?? [], packet.from) !== here) return null
    path.push(next)
  }
  return path
}
