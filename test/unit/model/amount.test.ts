import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Amount, costOf, largestAmount, moltInWords, parseMolt } from '../../../src/model/amount.ts'

const amount = fc.bigInt({ min: 0n, max: largestAmount })

test('what is printed is read again as the same amount, whatever its size', () => {
  fc.assert(
    fc.property(amount, (each) => {
      expect(parseMolt(moltInWords(each))).toBe(each)
      expect(Amount.parse(each.toString())).toBe(each)
    }),
  )
})

test.each([
  ['12', 12_000_000n],
  ['12.5', 12_500_000n],
  ['0.000001 MOLT', 1n],
  ['3 molt', 3_000_000n],
  ['9223372036854.775807', largestAmount],
])('%s is %d µMOLT', (text, expected) => expect(parseMolt(text)).toBe(expected))

test.each([
  '',
  '-1',
  '1e3',
  '1.',
  '.5',
  '1.0000001',
  'NaN',
  'Infinity',
  '9223372036854.775808',
  '1,5',
  ' 1',
  '0x10',
  '١',
])('"%s" is no amount', (text) => expect(parseMolt(text)).toBeNull())

test.each(['-1', '01', '1.5', '9223372036854775808', '', '1e3'])('nor is "%s" in JSON', (text) =>
  expect(Amount.safeParse(text).success).toBe(false),
)

test('amounts are printed with two decimals at least', () => {
  expect([12_500_000n, 1n, 0n, -3_000_000n, 1_230_000n].map(moltInWords)).toEqual([
    '12.50 MOLT',
    '0.000001 MOLT',
    '0.00 MOLT',
    '-3.00 MOLT',
    '1.23 MOLT',
  ])
})

test('a cost is never less than what was used, and less than one µMOLT more; cutting time into pieces makes nothing cheaper', () => {
  fc.assert(
    fc.property(fc.bigInt(0n, 10n ** 9n), fc.bigInt(0n, 10n ** 12n), fc.bigInt(0n, 10n ** 12n), (rate, a, b) => {
      const cost = costOf(rate, a)
      expect(cost * 1_000n - rate * a).toBeGreaterThanOrEqual(0n)
      expect(cost * 1_000n - rate * a).toBeLessThan(1_000n)
      expect(costOf(rate, a) + costOf(rate, b)).toBeGreaterThanOrEqual(costOf(rate, a + b))
    }),
  )
})
