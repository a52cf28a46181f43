import fc from 'fast-check'
import { expect, test } from 'vitest'
import { BinaryReader, BinaryWriter } from '../../../src/lib/binary.ts'

test('what was written is read back in order', () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), fc.string({ unit: 'grapheme' }), fc.uint8Array(), (number, text, bytes) => {
      const reader = new BinaryReader(new BinaryWriter(1).uint(number).text(text).bytes(bytes).done())
      expect(reader.uint()).toBe(number)
      expect(reader.text()).toBe(text)
      expect([...reader.bytes()]).toEqual([...bytes])
      expect(() => reader.end()).not.toThrow()
    }),
  )
})

test('any bytes are read or refused, never read beyond', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 20 }), (bytes) => {
      for (const read of ['uint', 'bytes', 'text'] as const) {
        const reader = new BinaryReader(bytes)
        try {
          reader[read]()
        } catch (error) {
          expect(error instanceof RangeError || error instanceof TypeError).toBe(true)
        }
      }
    }),
  )
})

test('numbers that are not whole, negative or too large are refused', () => {
  for (const value of [-1, 0.5, 2 ** 53, NaN]) expect(() => new BinaryWriter().uint(value)).toThrow(RangeError)
  expect(() => new BinaryReader(new Uint8Array(9).fill(0xff)).uint()).toThrow(RangeError)
})

test('bytes that are left are refused', () => {
  expect(() => new BinaryReader(Uint8Array.of(1)).end()).toThrow('1 bytes too many')
})
