import fc from 'fast-check'
import { expect, test } from 'vitest'
import { closest, editDistance } from '../../../src/lib/closest.ts'

test('a typo finds the word that was meant', () => {
  expect(closest('stauts', ['start', 'status', 'stop'])).toBe('status')
  expect(closest('worklaod', ['workload', 'node'])).toBe('workload')
})

test('a word that is like none finds none', () => {
  expect(closest('banana', ['status', 'node'])).toBeNull()
})

test('distance is a symmetric count of edits, zero only for the same text', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 12 }), fc.string({ maxLength: 12 }), (a, b) => {
      const distance = editDistance(a, b)
      expect(distance).toBe(editDistance(b, a))
      expect(distance === 0).toBe(a === b)
      expect(distance).toBeLessThanOrEqual(Math.max(a.length, b.length))
    }),
  )
})
