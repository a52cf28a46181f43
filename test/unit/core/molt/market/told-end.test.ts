import { expect, test } from 'vitest'
import { opinionOf } from '../../../../../src/core/records/deed.ts'
import { toldEndOf } from '../../../../../src/core/molt/market/told-end.ts'
import { agreed, closings } from '../../../../support/molt/samples.ts'

const closing = closings.agreed(agreed(), 5n)

test.each(['unvouched', 'unfunded', 'not-started', 'cancelled', 'expired'] as const)(
  'given a provider that has ended work as %s, then its buyer blames nobody, as that can be its own doing',
  (why) => {
    expect(toldEndOf(why)).toBe('let-go')
    expect(opinionOf('buyer', closing, toldEndOf(why))?.outcome).toBe('completed')
  },
)

test('given a provider that has ended work without a word why, then its buyer blames it', () => {
  expect(opinionOf('buyer', closing, toldEndOf(null))?.outcome).toBe('failed')
})
