import { describe, expect, test } from 'vitest'
import { type QuotaLimits, Quotas } from '../../../../src/core/records/quotas.ts'
import { nodeId } from '../../../../src/model/ids.ts'

const limits: QuotaLimits = { records: 4, bytes: 400, allRecords: 100, allBytes: 1_000 }
const witness = nodeId('witness')
const strangers = Array.from({ length: 100 }, (_, i) => nodeId(`stranger-${i}`))

describe('given strangers that take all the room they can', () => {
  const filled = (bytes: number) => {
    const quotas = new Quotas(limits, (issuer) => issuer === witness)
    for (const issuer of strangers)
      if (quotas.problem(`of ${issuer}`, { issuer, bytes }) === null) quotas.keep(`of ${issuer}`, { issuer, bytes })
    return quotas
  }

  test.each([1, 10, 100])(
    'when each record has %d bytes, then a quarter is left for who is known, and for nobody else',
    (bytes) => {
      const quotas = filled(bytes)
      expect(quotas.bytes).toBe(Math.min(75 * bytes, Math.floor(750 / bytes) * bytes))
      expect(quotas.problem('next', { issuer: nodeId('new'), bytes })).toBe('full')
      expect(quotas.problem('next', { issuer: witness, bytes })).toBeNull()
    },
  )

  test('when one gives something up, then there is room for another', () => {
    const quotas = filled(100)
    quotas.drop(`of ${strangers[0] ?? ''}`)
    expect(quotas.problem('next', { issuer: nodeId('new'), bytes: 100 })).toBeNull()
  })
})
