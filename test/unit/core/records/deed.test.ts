import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { agreementId } from '../../../../src/core/molt/agreement.ts'
import { remembered, type Role } from '../../../../src/core/molt/market/reputation.ts'
import {
  type Deed,
  deedFrom,
  deedText,
  mostDeeds,
  newDeed,
  opinionOf,
  outdatedDeeds,
  signedPartiesOf,
  toldDeeds,
} from '../../../../src/core/records/deed.ts'
import { areSigned } from '../../../../src/core/records/parties.ts'
import { nodeId } from '../../../../src/model/ids.ts'
import type { Closing } from '../../../../src/model/molt-line.ts'
import { simVerifier } from '../../../../src/simulation/signer.ts'
import { agreedFor, partiesSigned } from '../../../support/molt/deeds.ts'
import { agreed, buyer, closings, network, provider, voucherFor } from '../../../support/molt/samples.ts'

const agreement = agreed()

function deedOf(nonce: number, other: string, endedAt: number | null): Deed {
  const made = agreedFor({ provider: nodeId(other), nonce: nonce.toString(16).padStart(32, '0') })
  const deed = newDeed(made, partiesSigned(made), 1)
  return endedAt === null ? deed : { ...deed, ended: { at: endedAt, why: 'completed' } }
}

test('given a deed, when it is read again, then it names who has made the agreement, and both have signed that', () => {
  const deed = deedFrom(deedText(deedOf(1, provider, 5)))
  expect(deed).toEqual(deedOf(1, provider, 5))
  expect(areSigned(signedPartiesOf(deed), network.id, simVerifier)).toBe(true)
  expect(areSigned({ ...signedPartiesOf(deed), byBuyer: deed.byProvider }, network.id, simVerifier)).toBe(false)
})

describe('given how an agreement was closed, and why the lease had ended', () => {
  const { agreed: both, claimed, takenBack, judged } = closings
  const cases: readonly (readonly [Role, Closing, string | null, string | null])[] = [
    ['buyer', both(agreement, 5n), 'completed', 'completed 5'],
    ['buyer', both(agreement, 5n), null, 'completed 5'],
    ['buyer', both(agreement, 5n), 'failed', 'completed 3'],
    ['buyer', both(agreement, 5n), 'reclaimed', 'completed 3'],
    ['buyer', both(agreement, 5n), 'let-go', 'completed 3'],
    ['buyer', both(agreement, 0n), 'let-go', null],
    ['buyer', both(agreement, 5n), 'stopped', 'failed 1'],
    ['buyer', both(agreement, 5n), 'silent', 'failed 1'],
    ['buyer', both(agreement, 0n), 'not-started', 'failed 1'],
    ['buyer', both(agreement, 0n), 'cancelled', null],
    ['buyer', takenBack(agreement), 'cancelled', 'failed 1'],
    ['buyer', judged(agreement, 5n), 'silent', 'disputed 3'],
    ['provider', both(agreement, 5n), 'completed', 'paid 5'],
    ['provider', both(agreement, 0n), 'cancelled', null],
    ['provider', both(agreement, 5n), 'unvouched', 'late 2'],
    ['provider', claimed(agreement, voucherFor(agreement, 5n)), 'over', 'late 2'],
    ['provider', takenBack(agreement), 'over', null],
    ['provider', judged(agreement, 0n), 'over', 'disputed 3'],
  ]
  test.each(cases)('when the %s looks at %o that ended as %s, then it says %s', (role, closing, why, said) => {
    const opinion = opinionOf(role, closing, why)
    expect(opinion === null ? null : `${opinion.outcome} ${opinion.rating}`).toBe(said)
  })
})

describe('given many deeds', () => {
  const deeds = fc.array(fc.record({ other: fc.constantFrom('a', 'b', 'c'), at: fc.option(fc.nat(1_000)) }), {
    maxLength: 40,
  })
  const made = (all: readonly { readonly other: string; readonly at: number | null }[]): readonly Deed[] =>
    all.map(({ other, at }, i) => deedOf(i, other, at))

  test('when some of them are told, then of each pair its newest four, and none that has not ended', () => {
    fc.assert(
      fc.property(deeds, (all) => {
        const told = toldDeeds(made(all), buyer)
        for (const other of ['a', 'b', 'c']) {
          const ofPair = (list: readonly Deed[]): readonly number[] =>
            list.filter((deed) => deed.agreement.terms.provider === other).flatMap(({ ended }) => ended?.at ?? [])
          const newest = ofPair(made(all)).toSorted((a, b) => b - a)
          expect(ofPair(told).toSorted((a, b) => b - a)).toEqual(newest.slice(0, 4))
        }
        expect(told.every(({ ended }) => ended !== null)).toBe(true)
      }),
      { numRuns: 40 },
    )
  })

  test('when there are more than are kept, then the oldest that have ended are outdated, and no other', () => {
    const all = Array.from({ length: mostDeeds + 3 }, (_, i) => deedOf(i, 'a', i))
    const open = Array.from({ length: 5 }, (_, i) => deedOf(1_000 + i, 'a', null))
    const nobody = { isBlaming: () => false, now: 1_000 }
    expect(outdatedDeeds([...all, ...open], nobody)).toHaveLength(3)
    expect(outdatedDeeds(all.slice(3), nobody)).toEqual([])
  })

  test('when an old one blames somebody, then it is kept for as long as its deal is remembered', () => {
    const [old, ...all] = Array.from({ length: mostDeeds + 3 }, (_, i) => deedOf(i, 'a', i + 1))
    if (old === undefined) throw new Error('there are some')
    const id = agreementId(old.agreement)
    const outdatedAt = (now: number) => outdatedDeeds([old, ...all], { isBlaming: (deed) => deed === old, now })
    expect([outdatedAt(1_000).length, outdatedAt(1_000).includes(id)]).toEqual([2, false])
    expect(outdatedAt(1 + remembered)).toContain(id)
  })
})
