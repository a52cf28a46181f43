import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ExportChecker, Exporter, formats } from '../../../../src/core/audit/exported.ts'
import { chainOf, node, records, tamper, tampering, type Chain } from '../../../support/audit-chain.ts'

const fileOf = ({ lines, heads }: Chain, format: (typeof formats)[number], from = 0): string => {
  const exporter = new Exporter(format)
  const log = { node, name: 'ada', exportedAt: 9, heads: heads.slice(-1).map((head) => ({ ...head, at: 5 })) }
  const kept = lines.slice(from)
  return (
    exporter.open(log, from === 0 ? null : (kept[0] ?? null)) +
    kept.map((line) => exporter.line(line)).join('') +
    exporter.close(log)
  )
}

const check = (file: string) => {
  const checker = new ExportChecker()
  for (const line of file.split('\n')) checker.line(line)
  return checker.end()
}

describe.each(formats)('as %s', (format) => {
  test('what was exported is whole, from its beginning or from further on', () => {
    fc.assert(
      fc.property(records, fc.nat(2), (all, from) => {
        expect(check(fileOf(chainOf(all), format, from))).toMatchObject({
          verdicts: [{ node, name: 'ada', entries: all.length - from, fault: null }],
        })
      }),
    )
  })

  test('what was done to its entries is found', () => {
    fc.assert(
      fc.property(records, tampering, (all, what) => {
        const chain = chainOf(all)
        const { lines } = tamper(chain, what)
        if (lines.join('\n') === chain.lines.join('\n')) return
        const found = check(fileOf({ ...chain, lines }, format))
        expect('verdicts' in found && found.verdicts[0]?.fault).toBeTruthy()
      }),
      { numRuns: 300 },
    )
  })

  test('a file that was cut off is found', () => {
    fc.assert(
      fc.property(records, fc.double({ min: 0, max: 0.99, noNaN: true }), (all, part) => {
        const file = fileOf(chainOf(all), format)
        const found = check(file.slice(0, Math.floor(part * (file.length - 2))))
        if ('problem' in found) return
        expect(found.verdicts[0]?.fault).toBeTruthy()
      }),
    )
  })
})

test('what is no such file is said to be none', () => {
  expect(check('hello')).toEqual({ problem: 'it does not begin as one' })
  expect(check('')).toEqual({ problem: 'there is nothing in it' })
})
