import fc from 'fast-check'
import { expect, test } from 'vitest'
import { addressOf, subnetOf } from '../../../../src/core/overlay/addresses.ts'
import { hubsOf, neighboursOf, wayTo } from '../../../../src/core/overlay/topology.ts'
import type { Site } from '../../../../src/core/overlay/topology.ts'
import { overlap, parseCidr } from '../../../../src/lib/cidr.ts'
import { nodeId } from '../../../../src/model/ids.ts'
import { defaultOverlay } from '../../../../src/model/overlay.ts'
import { pathOf, shape, tables } from '../../../support/overlay-meshes.ts'

const site = (slot: number, parts: Partial<Site> = {}): Site => ({
  ...{ node: nodeId(`node-${slot}`), slot, isBehindNat: false, isManaged: true, isUp: true, hub: 'no', detours: [] },
  ...parts,
})
const sites = (count: number, parts: (slot: number) => Partial<Site> = () => ({})): readonly Site[] =>
  Array.from({ length: count }, (_, i) => site(i + 1, parts(i + 1)))

test('in 1,000 random meshes links are mutual, ranges never overlap, and every pair reaches each other both ways', () => {
  fc.assert(
    fc.property(shape, (mesh) => {
      const all = tables(mesh)
      for (const [node, table] of all) {
        const ranges = table.flatMap(({ node: to, allowed }) => allowed.map((text) => ({ to, range: parseCidr(text) })))
        ranges.forEach(({ to, range }, i) => {
          for (const other of ranges.slice(i + 1))
            if (range === null || other.range === null || (other.to !== to && overlap(range, other.range)))
              expect.fail(`${node}: ranges of ${to} and ${other.to} overlap`)
        })
        for (const { node: other } of table)
          if (all.get(other)?.some((back) => back.node === node) !== true) expect.fail(`${other} does not know ${node}`)
      }
      const [first, ...rest] = mesh.sites
      for (const other of rest)
        for (const [a, b] of [
          [first, other],
          [other, first],
        ] as const) {
          if (a === undefined || b === undefined) continue
          const ends = { source: a.node, target: b.node }
          const own = { ...ends, from: addressOf(mesh.settings, a.slot), to: addressOf(mesh.settings, b.slot) }
          const path = pathOf(all, own)
          expect(path).not.toBeNull()
          expect(path?.length).toBeLessThanOrEqual(4)
          const inside = (slot: number): string => subnetOf(mesh.settings, slot).replace(/0\/24$/, '7')
          expect(pathOf(all, { ...ends, from: inside(a.slot), to: inside(b.slot) })).toEqual(path)
        }
    }),
    { numRuns: 1_000 },
  )
}, 60_000)

test('up to fifty nodes each talks to each, and one more makes hubs', () => {
  const few = sites(50, () => ({ hub: 'able' }))
  expect(hubsOf(few, defaultOverlay)).toEqual([])
  expect(neighboursOf(nodeId('node-1'), few, defaultOverlay)).toHaveLength(49)
  const many = sites(51, (slot) => ({ hub: slot <= 5 ? 'able' : 'no' }))
  expect(hubsOf(many, defaultOverlay).map(({ slot }) => slot)).toEqual([1, 2, 3])
  expect(neighboursOf(nodeId('node-51'), many, defaultOverlay)).toEqual([
    { node: 'node-1', allowed: ['10.100.0.0/16', '10.200.0.0/16'] },
  ])
})

test('hubs are those that were chosen, never behind NAT while there is another, and somebody in any case', () => {
  const slotsOf = (all: readonly Site[]): readonly number[] => hubsOf(all, { meshUpTo: 2 }).map(({ slot }) => slot)
  expect(slotsOf(sites(9, (slot) => ({ hub: slot > 7 ? 'chosen' : 'able' })))).toEqual([8, 9])
  expect(slotsOf(sites(9, (slot) => ({ hub: 'able', isBehindNat: slot < 5 })))).toEqual([5, 6, 7])
  expect(slotsOf(sites(9, (slot) => ({ isBehindNat: slot !== 4 })))).toEqual([4])
  expect(slotsOf(sites(9, () => ({ isBehindNat: true })))).toEqual([1, 2, 3])
})

test('who is not in the overlay has no neighbours, and who is alone has none either', () => {
  expect(neighboursOf(nodeId('node-9'), sites(3), defaultOverlay)).toEqual([])
  expect(neighboursOf(nodeId('node-1'), sites(1), defaultOverlay)).toEqual([])
})

const node = (slot: number) => nodeId(`node-${slot}`)
/** Who passes on what the first sends the other. */
const wayFrom = (all: readonly Site[], from: number, to: number) => {
  const other = all.find(({ slot }) => slot === to) ?? expect.fail(`there is no ${to}`)
  return wayTo(other, neighboursOf(node(from), all, defaultOverlay), defaultOverlay)
}

test('two that do not reach each other go by one that both reach, whichever of them has said so, and are looked for still', () => {
  const five = sites(5, (slot) => ({
    hub: slot === 4 ? 'no' : 'able',
    isBehindNat: slot < 3,
    detours: slot === 1 ? [node(2)] : [],
  }))
  expect(neighboursOf(node(1), five, defaultOverlay)).toEqual([
    { node: 'node-2', allowed: [] },
    { node: 'node-3', allowed: ['10.100.0.3/32', '10.200.3.0/24'] },
    { node: 'node-4', allowed: ['10.100.0.4/32', '10.200.4.0/24'] },
    { node: 'node-5', allowed: ['10.100.0.2/32', '10.200.2.0/24', '10.100.0.5/32', '10.200.5.0/24'] },
  ])
  expect([wayFrom(five, 1, 2), wayFrom(five, 2, 1), wayFrom(five, 1, 3)]).toEqual(['node-5', 'node-5', null])
})

test('one that is lost passes nothing on while another is there, behind NAT or not', () => {
  const lostPublic = sites(4, (slot) => ({
    ...{ isBehindNat: slot !== 4, isUp: slot !== 4 },
    detours: slot === 1 ? [node(2)] : [],
  }))
  expect(wayFrom(lostPublic, 1, 2)).toBe(node(3))
})

test('nobody passes on what it does not reach itself, nor one whose owner sets it up, and where nobody is left they stay as they are', () => {
  const detours = (slot: number) => (slot === 1 ? [node(2), node(3)] : [])
  const four = sites(4, (slot) => ({ detours: detours(slot) }))
  expect([wayFrom(four, 1, 2), wayFrom(four, 1, 3), wayFrom(four, 2, 3)]).toEqual(['node-4', 'node-4', null])
  const byHand = sites(4, (slot) => ({ detours: detours(slot), isManaged: slot !== 4 }))
  expect(wayFrom(byHand, 1, 2)).toBeNull()
  expect(neighboursOf(node(1), byHand, defaultOverlay).map(({ allowed }) => allowed.length)).toEqual([2, 2, 2])
})

test('among many, the way is by a hub, and by none to it', () => {
  const many = sites(51, (slot) => ({ hub: slot <= 5 ? 'able' : 'no' }))
  expect([wayFrom(many, 51, 50), wayFrom(many, 51, 1), wayFrom(many, 1, 51)]).toEqual(['node-1', null, null])
})
