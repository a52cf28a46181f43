import fc from 'fast-check'
import { expect, test } from 'vitest'
import { mostEpochs, readRing, ringBytes, withKey } from '../../../../src/core/vault/ring.ts'

const secret = fc.uint8Array({ minLength: 32, maxLength: 32 })
const ring = fc.uniqueArray(fc.tuple(fc.integer({ min: 1, max: 1_000_000 }), secret), {
  selector: ([epoch]) => epoch,
  minLength: 1,
  maxLength: 64,
})

test('a ring that is written is read as it was', () => {
  fc.assert(
    fc.property(ring, (entries) => {
      const sorted = entries.toSorted(([a], [b]) => a - b)
      expect([...(readRing(ringBytes(new Map(entries))) ?? [])]).toEqual(sorted)
    }),
  )
})

test('bytes that are no ring are none', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      const read = readRing(bytes)
      expect(read === null).toBe(bytes.length === 0 || bytes.length % 36 !== 0)
    }),
  )
})

test('given keys that nothing is sealed under any more, a new one takes their place; all others stay', () => {
  const key = new Uint8Array(32)
  const full = new Map(Array.from({ length: mostEpochs }, (_, index) => [index + 1, key] as const))
  expect([...(withKey(full, 99, key, new Set([3, 7]))?.keys() ?? [])]).toEqual([3, 7, 99])
  expect(withKey(full, 99, key, new Set(full.keys()))).toBeNull()
  const young = new Map([1, 2].map((epoch) => [epoch, key] as const))
  expect([...(withKey(young, 3, key, new Set())?.keys() ?? [])]).toEqual([1, 2, 3])
})
