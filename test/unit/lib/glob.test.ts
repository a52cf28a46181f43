import fc from 'fast-check'
import { expect, test } from 'vitest'
import { matchesGlob } from '../../../src/lib/glob.ts'

const text = fc.string({ unit: fc.constantFrom('a', 'b', '/', '.'), maxLength: 8 })
const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '/', '.', '*', '?'), maxLength: 8 })

test('a pattern fits what a regular expression of the same meaning fits', () => {
  fc.assert(
    fc.property(pattern, text, (glob, given) => {
      const source = [...glob].map((c) => (c === '*' ? '.*' : c === '?' ? '.' : c.replace(/[./]/, '\\$&'))).join('')
      expect(matchesGlob(glob, given)).toBe(new RegExp(`^${source}$`, 's').test(given))
    }),
    { numRuns: 2_000 },
  )
})

test('a pattern of many stars takes no time', () => {
  expect(matchesGlob(`${'a*'.repeat(100)}b`, 'a'.repeat(4_096))).toBe(false)
})
