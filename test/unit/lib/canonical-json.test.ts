import fc from 'fast-check'
import { expect, test } from 'vitest'
import { canonicalJson } from '../../../src/lib/canonical-json.ts'

test('the order of fields makes no difference, and absent is undefined', () => {
  expect(canonicalJson({ b: [1, { d: null, c: 'x' }], a: undefined })).toBe('{"b":[1,{"c":"x","d":null}]}')
  expect(canonicalJson({ x: 1, y: 2 })).toBe(canonicalJson({ y: 2, x: 1 }))
})

test('it is JSON of the same value', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)))
    }),
  )
})

test('big integers are their digits, exact whatever their size', () => {
  expect(canonicalJson({ a: 2n ** 63n - 1n, b: [-1n] })).toBe('{"a":"9223372036854775807","b":["-1"]}')
})
