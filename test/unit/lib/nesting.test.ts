import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isNestedDeeper } from '../../../src/lib/nesting.ts'

const nested = (depth: number): unknown => JSON.parse('['.repeat(depth) + ']'.repeat(depth))

test('the depth of a value is the number of objects and lists within each other', () => {
  expect(isNestedDeeper('x', 0)).toBe(false)
  expect([isNestedDeeper({ a: [{}] }, 3), isNestedDeeper({ a: [{}] }, 2)]).toEqual([false, true])
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 1, max: 200 }), (depth, most) => {
      expect(isNestedDeeper({ wide: [1, 2], deep: nested(depth) }, most)).toBe(depth + 1 > most)
    }),
  )
})

test('one that would overflow the stack of whoever walks through it is looked at all the same', () => {
  expect(isNestedDeeper(nested(500_000), 64)).toBe(true)
})
