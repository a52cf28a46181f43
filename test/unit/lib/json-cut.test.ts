import fc from 'fast-check'
import { expect, test } from 'vitest'
import { headInJson, tailInJson } from '../../../src/lib/json-cut.ts'

const size = (text: string): number => Buffer.byteLength(JSON.stringify(text))

test('whatever the text, its beginning and its end fit, are as long as they can be, and split no character', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 60 }), fc.integer({ min: 2, max: 120 }), (text, most) => {
      const [head, tail] = [headInJson(text, most), tailInJson(text, most)]
      expect(text.startsWith(head) && text.endsWith(tail)).toBe(true)
      for (const cut of [head, tail]) {
        expect(size(cut)).toBeLessThanOrEqual(most)
        expect(cut.isWellFormed()).toBe(true)
      }
      if (head.length < text.length) expect(size(text.slice(0, head.length + 2))).toBeGreaterThan(most)
      if (tail.length < text.length) expect(size(text.slice(-tail.length - 2))).toBeGreaterThan(most)
    }),
  )
})

test('a text that fits stays as it is', () => {
  expect(headInJson('a\n\u0000', 100)).toBe('a\n\u0000')
  expect(tailInJson('', 2)).toBe('')
})
