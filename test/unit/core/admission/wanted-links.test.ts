import fc from 'fast-check'
import { expect, test } from 'vitest'
import { smallMesh, wantedLinks } from '../../../../src/core/admission/wanted-links.ts'
import { type NodeId, nodeId } from '../../../../src/model/ids.ts'

const nodes = (count: number): readonly NodeId[] => Array.from({ length: count }, (_, i) => nodeId(`node-${i}`))

test('in a small mesh everybody is linked to everybody', () => {
  const all = nodes(smallMesh)
  for (const self of all) expect(wantedLinks(self, all, [])).toEqual(new Set(all.filter((node) => node !== self)))
})

test('in a large mesh each node dials few, and together they connect everybody within log n steps', () => {
  fc.assert(
    fc.property(fc.integer({ min: smallMesh + 1, max: 200 }), (count) => {
      const all = nodes(count)
      const links = new Map(all.map((self) => [self, wantedLinks(self, all, [])]))
      const limit = Math.ceil(Math.log2(count))
      for (const [self, wanted] of links) {
        expect(wanted.size).toBeLessThanOrEqual(limit)
        expect(wanted.has(self)).toBe(false)
      }
      let reached = new Set(all.slice(0, 1))
      for (let step = 0; step < limit; step += 1)
        reached = new Set([...reached, ...[...reached].flatMap((node) => [...(links.get(node) ?? [])])])
      expect(reached.size).toBe(count)
    }),
    { numRuns: 5 },
  )
})

test('given a large mesh, every voter is linked to every member, and so to every other voter', () => {
  const all = nodes(200)
  const voters = all.slice(40, 45)
  const outsider = nodeId('node-that-the-state-does-not-know-yet')
  const links = new Map(all.map((self) => [self, wantedLinks(self, all, [...voters, outsider])]))
  for (const self of all) {
    const wanted = links.get(self) ?? new Set()
    for (const voter of [...voters, outsider]) expect(wanted.has(voter)).toBe(voter !== self)
    if (voters.includes(self)) expect(wanted.size).toBe(all.length)
    else expect(wanted.size).toBeLessThanOrEqual(Math.ceil(Math.log2(all.length)) + voters.length + 1)
  }
})
