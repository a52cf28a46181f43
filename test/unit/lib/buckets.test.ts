import fc from 'fast-check'
import { expect, test } from 'vitest'
import { addressKey, Buckets } from '../../../src/lib/buckets.ts'

test('given any times of asking, nobody gets more than the rate and one burst', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 300 }), (pauses) => {
      let now = 0
      const buckets = new Buckets(10, () => now)
      let taken = 0
      for (const pause of pauses) {
        now += pause
        if (buckets.take('ada') === 0) taken += 1
        expect(taken).toBeLessThanOrEqual(10 + (10 * now) / 1_000)
      }
    }),
  )
})

test('whoever is refused is told when to come back, and is let in then', () => {
  let now = 0
  const buckets = new Buckets(2, () => now)
  for (let count = 0; count < 2; count += 1) expect(buckets.take('ada')).toBe(0)
  const seconds = buckets.take('ada')
  expect(seconds).toBe(1)
  expect(buckets.take('bob')).toBe(0)
  now += seconds * 1_000
  expect(buckets.take('ada')).toBe(0)
})

test('however many ask, so many are remembered, and those who ask now are', () => {
  const buckets = new Buckets(1, () => 0, { most: 3 })
  expect(buckets.take('ada')).toBe(0)
  for (let other = 0; other < 50; other += 1) {
    buckets.take(`other-${other}`)
    expect(buckets.take('ada')).toBeGreaterThan(0)
  }
})

test('an address of IPv6 counts as its network, one of IPv4 as itself', () => {
  expect(addressKey('2001:db8:1:2:3:4:5:6')).toBe(addressKey('2001:db8:1:2::1'))
  expect(addressKey('2001:db8:1:3::1')).not.toBe(addressKey('2001:db8:1:2::1'))
  expect(addressKey('::ffff:10.0.0.1')).toBe('10.0.0.1')
  expect(addressKey('::1')).toBe('0:0:0:0::/64')
})
