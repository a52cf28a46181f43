import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readJson, writeJson } from '../../../src/lib/json-slices.ts'
import { atOnce, joined } from '../../../src/lib/slices.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const size = { length: 40, items: 3 }
const names = fc.constantFrom('list', 'open', 'other', '"', '{', 'a\\', 'é')
const part = fc.oneof(fc.array(fc.jsonValue({ maxDepth: 2 }), { maxLength: 12 }), fc.jsonValue({ maxDepth: 2 }))
const object = fc.dictionary(names, fc.oneof(part, fc.dictionary(names, part)), { noNullPrototype: true })
const plan = (seen: unknown[] = [], open: unknown[] = []) => ({
  lists: new Map([
    ['list', (items: readonly unknown[]) => void seen.push(...items)],
    ['open.list', (items: readonly unknown[]) => void open.push(...items)],
  ]),
  opened: new Set(['open']),
})

test('given any object, when it is written in slices, then the bytes are those of all of it at once', () => {
  fc.assert(
    fc.property(object, (value) => {
      expect(new TextDecoder().decode(joined(writeJson(value, size)))).toBe(JSON.stringify(value))
    }),
  )
})

test('given any object, when it is read in slices, then it is what JSON makes of it, and the items of lists have been looked at', () => {
  fc.assert(
    fc.property(object, (value) => {
      const written = JSON.stringify(value)
      const expected = JSON.parse(written) as { list?: unknown }
      const seen: unknown[] = []
      expect(atOnce(readJson(bytes(written), plan(seen), size))).toEqual(expected)
      expect(seen).toEqual(Array.isArray(expected.list) ? expected.list : [])
    }),
  )
})

test.each([
  '',
  '{',
  '{}x',
  '[]',
  '{"list":[,]}',
  '{"list":[1,]}',
  '{"list":[1',
  '{"list":[1}',
  '{"a":1,"a":2}',
  '{"a":1,}',
  '{1:2}',
])('given %s, when it is read, then it is refused', (text) => {
  expect(() => atOnce(readJson(bytes(text), plan(), size))).toThrow()
})

test('given bytes that were cut or changed anywhere, when they are read, then they are read as JSON reads them, or refused', () => {
  const whole = bytes(JSON.stringify({ list: [1, 'é"', { a: [] }], open: { list: [[1], {}], b: '\\"' }, c: null }))
  fc.assert(
    fc.property(fc.nat(whole.length - 1), fc.nat(255), (at, byte) => {
      const changed = whole.with(at, byte)
      let found: unknown
      try {
        found = atOnce(readJson(changed, plan(), size))
      } catch {
        return
      }
      expect(found).toEqual(JSON.parse(new TextDecoder().decode(changed)))
      expect(() => atOnce(readJson(whole.subarray(0, at), plan(), size))).toThrow()
    }),
    { numRuns: 2_000 },
  )
})
