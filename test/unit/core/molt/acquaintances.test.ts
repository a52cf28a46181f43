import fc from 'fast-check'
import { expect, test } from 'vitest'
import { newIdentity } from '../../../../src/adapters/keys/identity.ts'
import {
  type Acquaintances,
  learn,
  mostAcquaintances,
  mostAddresses,
  stillUp,
} from '../../../../src/core/molt/acquaintances.ts'
import { minute } from '../../../../src/model/time.ts'

const parties = Array.from({ length: mostAcquaintances + 40 }, () => newIdentity().id)
const [self, ada, bob, cyd] = parties as [
  (typeof parties)[0],
  (typeof parties)[0],
  (typeof parties)[0],
  (typeof parties)[0],
]
const at = (party: string, port = 1): string => `/ip4/10.0.0.1/tcp/${port}/p2p/${party}`
const none: Acquaintances = new Map()
const hear = (known: Acquaintances, from: typeof ada, addresses: readonly string[], now = 0): Acquaintances =>
  learn(known, { addresses, from, self, at: now })

test('what a party says of itself replaces what was known; what others say of it does not', () => {
  const hearsay = hear(none, ada, [at(bob, 1)])
  expect(hearsay.get(bob)?.addresses).toEqual([at(bob, 1)])
  const own = hear(hearsay, bob, [at(bob, 2)])
  expect(own.get(bob)?.addresses).toEqual([at(bob, 2)])
  expect(hear(own, ada, [at(bob, 3)]).get(bob)?.addresses).toEqual([at(bob, 2)])
})

test('nobody has us know ourselves, or what is no address', () => {
  const known = hear(none, ada, [at(self), '/ip4/10.0.0.1/tcp/1', at('nobody'), `${at(bob)} `, 'x'.repeat(600)])
  expect(known.size).toBe(0)
})

test('whom nobody has seen for half an hour is forgotten; who is up is not', () => {
  const known = hear(hear(none, ada, [at(ada)]), bob, [at(bob)])
  const later = stillUp(known, [ada], 20 * minute)
  expect([...hear(later, cyd, [at(cyd)], 40 * minute).keys()]).toEqual([ada, cyd])
})

test('hearsay never takes the place of what is known, and whoever comes takes that of hearsay', () => {
  const others = parties.slice(4, 4 + mostAcquaintances)
  const full = others.reduce((known, party) => hear(known, ada, [at(party)]), none)
  expect(full.size).toBe(mostAcquaintances)
  expect(hear(full, ada, [at(cyd)]).has(cyd)).toBe(false)
  const come = hear(full, cyd, [at(cyd)])
  expect([come.has(cyd), come.size]).toEqual([true, mostAcquaintances])
})

test('however much peers tell, no more is kept than there is room for', () => {
  const word = fc.record({
    from: fc.constantFrom(...parties),
    told: fc.array(fc.tuple(fc.constantFrom(...parties), fc.nat(30)), { maxLength: 200 }),
    after: fc.nat(10 * minute),
  })
  fc.assert(
    fc.property(fc.array(word, { maxLength: 30 }), (words) => {
      let known = none
      let now = 0
      for (const { from, told, after } of words) {
        now += after
        known = hear(
          known,
          from,
          told.map(([party, port]) => at(party, port)),
          now,
        )
        expect(known.size).toBeLessThanOrEqual(mostAcquaintances)
        expect(known.has(self)).toBe(false)
        for (const [party, { addresses }] of known) {
          expect(addresses.length).toBeLessThanOrEqual(mostAddresses)
          expect(addresses.every((address) => address.endsWith(`/p2p/${party}`))).toBe(true)
        }
      }
    }),
    { numRuns: 30 },
  )
})
