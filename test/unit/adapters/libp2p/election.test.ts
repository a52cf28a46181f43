import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Candidate, isBetter } from '../../../../src/adapters/libp2p/election.ts'
import { nodeId } from '../../../../src/model/ids.ts'

const [ada, bob] = [nodeId('ada'), nodeId('bob')]
const candidate: Candidate = { isDirect: true, dialler: ada, openedAt: 1_000, isRetired: false }

test('of two links dialled from both sides at once, both sides keep the one of the smaller id', () => {
  fc.assert(
    fc.property(fc.nat(4_000), fc.nat(900), (apart, skew) => {
      const hers = { ...candidate, openedAt: 10_000 }
      const his = { ...candidate, dialler: bob, openedAt: 10_000 + apart }
      expect(isBetter(hers, his)).toBe(true)
      expect(isBetter(his, hers)).toBe(false)
      expect(isBetter({ ...hers, openedAt: 10_000 + skew }, his)).toBe(true)
    }),
  )
})

test('a link of a peer that has come back replaces the one it left behind', () => {
  const old = { ...candidate, openedAt: 0 }
  expect(isBetter({ ...candidate, dialler: bob, openedAt: 60_000 }, old)).toBe(true)
  expect(isBetter({ ...candidate, openedAt: 60_000 }, old)).toBe(true)
})

test('a direct link is better than a relayed one, and one in use better than one that is given up', () => {
  expect(isBetter(candidate, { ...candidate, isDirect: false, openedAt: 90_000 })).toBe(true)
  expect(isBetter({ ...candidate, isDirect: false }, { ...candidate, isRetired: true })).toBe(true)
})
