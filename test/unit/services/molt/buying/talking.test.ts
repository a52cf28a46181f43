import { expect, test } from 'vitest'
import { opinionOf } from '../../../../../src/core/records/deed.ts'
import { endOf } from '../../../../../src/services/molt/buying/talking.ts'
import { agreed, closings } from '../../../../support/molt/samples.ts'

const closing = closings.agreed(agreed(), 5n)

test.each(['unvouched', 'unfunded', 'not-started', 'cancelled', 'expired'] as const)(
  'given a provider that has ended work as %s, then its buyer blames nobody, as that can be its own doing',
  (why) => {
    expect(endOf({ why })).toBe('let-go')
    expect(opinionOf('buyer', closing, endOf({ why }))?.outcome).toBe('completed')
  },
)

test('given a provider that has ended work without a word why, then its buyer blames it', () => {
  expect(opinionOf('buyer', closing, endOf({ why: null }))?.outcome).toBe('failed')
})
