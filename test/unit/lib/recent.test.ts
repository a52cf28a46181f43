import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Recent } from '../../../src/lib/recent.ts'

/** The same by the first key that a map has. */
function plainly(most: number, entries: readonly (readonly [number, number])[]): Map<number, number> {
  const map = new Map<number, number>()
  for (const [key, value] of entries) {
    map.set(key, value)
    const [oldest] = map.keys()
    if (map.size > most && oldest !== undefined) map.delete(oldest)
  }
  return map
}

const entries = fc.array(fc.tuple(fc.nat(30), fc.nat()), { maxLength: 200 })

test('it keeps the last so many, whatever was set and how often', () => {
  fc.assert(
    fc.property(fc.nat(20), entries, entries, (most, before, after) => {
      const recent = new Recent(most, before)
      for (const [key, value] of after) recent.keep(key, value)
      expect([...recent]).toEqual([...plainly(most, [...before, ...after])])
    }),
  )
})

test('begun with what another kept, it goes on as that one does', () => {
  fc.assert(
    fc.property(fc.nat(20), entries, entries, (most, before, after) => {
      const first = new Recent(most, before)
      const second = new Recent(most, first)
      for (const [key, value] of after) for (const each of [first, second]) each.keep(key, value)
      expect([...second]).toEqual([...first])
    }),
  )
})
