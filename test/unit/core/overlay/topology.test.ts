import fc from 'fast-check'
import { expect, test } from 'vitest'
import { addressOf, subnetOf } from '../../../../src/core/overlay/addresses.ts'
import { hubsOf, neighboursOf } from '../../../../src/core/overlay/topology.ts'
import type { Site } from '../../../../src/core/overlay/topology.ts'
import { overlap, parseCidr } from '../../../../src/lib/cidr.ts'
import { nodeId } from '../../../../src/model/ids.ts'
import { defaultOverlay } from '../../../../src/model/overlay.ts'
import { pathOf, shape, tables } from '../../../support/overlay-meshes.ts'

const site = (slot: number, parts: Partial<Site> = {}): Site => ({
  ...{ node: nodeId(`node-${slot}`), slot, isBehindNat: false, hub: 'no' },
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
