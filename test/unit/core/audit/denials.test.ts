import fc from 'fast-check'
import { expect, test } from 'vitest'
import { denialLimits, deny, noDenials, summaries } from '../../../../src/core/audit/denials.ts'
import { record } from '../../../support/audit-chain.ts'

const play = (actors: readonly string[]) => {
  let [denials, written] = [noDenials(1), 0]
  for (const actor of actors) {
    const step = deny(denials, record({ actor, decision: 'denied', outcome: 'AUTH_FAILED' }))
    denials = step.denials
    written += step.write ? 1 : 0
  }
  return { written, counted: summaries(denials) }
}

test('given a flood by one, then the first ten are written and the rest are one entry with their number', () => {
  const { written, counted } = play(Array.from({ length: 5_000 }, () => 'mallory'))
  expect(written).toBe(denialLimits.perActor)
  expect(counted).toMatchObject([{ actor: 'mallory', count: 4_990, outcome: 'AUTH_FAILED' }])
})

test('given a flood by many, then no more is written than fits, and every one of them is counted', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.nat(200).map((i) => `address ${i}`),
        { maxLength: 2_000 },
      ),
      (actors) => {
        const { written, counted } = play(actors)
        expect(written).toBeLessThanOrEqual(denialLimits.inAll)
        expect(counted.length).toBeLessThanOrEqual(denialLimits.actors + 1)
        expect(counted.reduce((sum, { count }) => sum + count, written)).toBe(actors.length)
      },
    ),
  )
})
