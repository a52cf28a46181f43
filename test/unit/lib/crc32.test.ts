import fc from 'fast-check'
import { expect, test } from 'vitest'
import { crc32c, crc32cJoined } from '../../../src/lib/crc32.ts'

test('the examples of RFC 3720 come out', () => {
  expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa)
  expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43)
  expect(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i))).toBe(0x46dd794e)
})

test('a checksum can be taken in parts', () => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.uint8Array(), (a, b) => {
      expect(crc32c(b, crc32c(a))).toBe(crc32c(Uint8Array.of(...a, ...b)))
    }),
  )
})

test('the checksum of two pieces comes from those of each', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 3_000 }), fc.uint8Array({ maxLength: 3_000 }), (a, b) => {
      expect(crc32cJoined(crc32c(a), crc32c(b), b.length)).toBe(crc32c(Uint8Array.of(...a, ...b)))
    }),
  )
})
