import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formatDuration, formatMib, parseDuration, parseMemoryMib, parseSince } from '../../../src/lib/units.ts'

describe('memory', () => {
  test.each([
    ['64Gi', 65_536],
    ['512Mi', 512],
    ['8g', 8_192],
    ['512m', 512],
    ['80000', 80_000],
    ['1.5 GiB', 1_536],
    ['8GB', 8_192],
    ['2T', 2_097_152],
    ['1025k', 2],
    ['1048577b', 2],
    [' 16gib ', 16_384],
  ])('%s is %i MiB', (text, mib) => expect(parseMemoryMib(text)).toBe(mib))

  test.each(['', 'lots', '-1g', '1gg', '1e3', 'g', '1,5g', '0x10', '1bi', '9'.repeat(40)])('%j is no size', (text) =>
    expect(parseMemoryMib(text)).toBeNull(),
  )

  test('every whole number of MiB survives being written and read', () => {
    fc.assert(
      fc.property(fc.nat(2 ** 40), fc.constantFrom(1, 1_024, 512, 1_048_576), (count, size) => {
        const mib = Math.min(count * size, Number.MAX_SAFE_INTEGER)
        expect(parseMemoryMib(formatMib(mib))).toBe(mib)
      }),
    )
  })

  test('it is written in the largest unit that is exact', () => {
    expect([65_536, 1_536, 81_559, 2_097_152, 0].map(formatMib)).toEqual(['64Gi', '1.5Gi', '81559Mi', '2Ti', '0Mi'])
  })
})

describe('durations', () => {
  test.each([
    ['24h', 86_400_000],
    ['90s', 90_000],
    ['1h30m', 5_400_000],
    ['1h 30m', 5_400_000],
    ['1.5h', 5_400_000],
    ['250ms', 250],
    ['1w', 604_800_000],
    ['90', 90_000],
    ['2D', 172_800_000],
  ])('%s is %i ms', (text, ms) => expect(parseDuration(text)).toBe(ms))

  test.each(['', 'h', '1x', '-1h', '1h30', 'soon', '1h,2m', `${'9'.repeat(40)}w`])('%j is no duration', (text) =>
    expect(parseDuration(text)).toBeNull(),
  )

  test('every whole number of milliseconds survives being written and read', () => {
    fc.assert(
      fc.property(fc.nat(2 ** 46), (ms) => {
        expect(parseDuration(formatDuration(ms))).toBe(ms)
      }),
    )
  })

  test('all units show, and nothing is 0s', () => {
    expect(formatDuration(93_784_005)).toBe('1d2h3m4s5ms')
    expect(formatDuration(0)).toBe('0s')
    expect(formatDuration(-1_000)).toBe('-1s')
  })
})

describe('moments', () => {
  const now = Date.parse('2026-11-25T12:00:00Z')

  test.each([
    ['1h ago', '2026-11-25T11:00:00Z'],
    ['90s', '2026-11-25T11:58:30Z'],
    ['now', '2026-11-25T12:00:00Z'],
    ['2026-11-24', '2026-11-24T00:00:00Z'],
    ['2026-11-24T10:00:00', '2026-11-24T10:00:00Z'],
    ['2026-11-24 10:00', '2026-11-24T10:00:00Z'],
    ['2026-11-24T10:00:00.5+02:00', '2026-11-24T08:00:00.500Z'],
  ])('%s is %s', (text, iso) => expect(parseSince(text, now)).toBe(Date.parse(iso)))

  test.each(['', 'yesterday-ish', '2026-13-40', 'Nov 1', 'ago'])('%j is no moment', (text) =>
    expect(parseSince(text, now)).toBeNull(),
  )

  test('an instant survives being written as ISO and read', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4_102_444_800_000 }), (at) => {
        expect(parseSince(new Date(at).toISOString(), now)).toBe(at)
      }),
    )
  })
})
