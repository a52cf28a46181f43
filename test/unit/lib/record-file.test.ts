import fc from 'fast-check'
import { expect, test } from 'vitest'
import { encodeFile, encodeRecords, headerSize, saltSize, scan } from '../../../src/lib/record-file.ts'

const salt = Uint8Array.from({ length: saltSize }, (_, i) => 7 * i + 1)

/** A file of these flushes, and where each of them begins. */
function file(flushes: readonly (readonly Uint8Array[])[]): { readonly bytes: Uint8Array; readonly starts: number[] } {
  let bytes = encodeFile(salt, [])
  const starts: number[] = []
  for (const records of flushes) {
    starts.push(bytes.length)
    bytes = Uint8Array.of(...bytes, ...encodeRecords(salt, bytes.length, records))
  }
  return { bytes, starts }
}

const flushes = fc.array(fc.array(fc.uint8Array({ maxLength: 40 }), { minLength: 1, maxLength: 4 }), { maxLength: 5 })
const plain = (records: readonly Uint8Array[]): number[][] => records.map((record) => [...record])

test('all records of a whole file are read', () => {
  fc.assert(
    fc.property(flushes, (written) => {
      const found = scan(file(written).bytes)
      expect('damage' in found ? found.damage : plain(found.records)).toEqual(plain(written.flat()))
    }),
  )
})

test('a file cut anywhere after its header gives the records before the cut', () => {
  fc.assert(
    fc.property(flushes, fc.nat(), (written, cut) => {
      const { bytes } = file(written)
      const found = scan(bytes.subarray(0, headerSize + (cut % (bytes.length - headerSize + 1))))
      if ('damage' in found) throw new Error(found.damage)
      expect(plain(written.flat()).slice(0, found.records.length)).toEqual(plain(found.records))
      expect(found.end + found.torn).toBe(headerSize + (cut % (bytes.length - headerSize + 1)))
    }),
  )
})

test('a damaged byte is told, unless it is in the last flush, which is then cut before it', () => {
  const some = flushes.filter((written) => written.length > 0)
  fc.assert(
    fc.property(some, fc.nat(), fc.integer({ min: 1, max: 255 }), (written, place, mask) => {
      const { bytes, starts } = file(written)
      const at = place % bytes.length
      bytes[at] = (bytes[at] ?? 0) ^ mask
      const found = scan(bytes)
      const last = starts.at(-1) ?? 0
      if ('damage' in found) {
        expect(at).toBeLessThan(last)
        return
      }
      expect(at).toBeGreaterThanOrEqual(last)
      expect(plain(written.flat()).slice(0, found.records.length)).toEqual(plain(found.records))
      expect(found.end).toBeLessThanOrEqual(at)
    }),
  )
})

test('records inside a payload are not taken for records of the file', () => {
  const inner = encodeRecords(salt, 0, [new Uint8Array(5)])
  const { bytes } = file([[Uint8Array.of(...inner, ...inner)]])
  bytes[headerSize] = 0
  expect(scan(bytes)).toMatchObject({ records: [], end: headerSize })
})

test('damage to what was in the file from its birth is always told', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 4 }), fc.nat(), (records, place) => {
      const bytes = encodeFile(salt, records)
      const at = place % bytes.length
      expect(scan(bytes.subarray(0, at))).toHaveProperty('damage')
      bytes[at] = (bytes[at] ?? 0) ^ 1
      expect(scan(bytes)).toHaveProperty('damage')
    }),
  )
})

test('a file of another kind or version is refused', () => {
  expect(scan(new Uint8Array(100))).toHaveProperty('damage')
  expect(scan(new Uint8Array(3))).toHaveProperty('damage')
})
