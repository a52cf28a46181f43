/** A want, a situation and bids to begin with, for tests of the market's rules. */
import type { FreeGroup } from '../../../src/core/molt/market/capacity.ts'
import type { Decision, Situation } from '../../../src/core/molt/market/decide.ts'
import { decideBid } from '../../../src/core/molt/market/decide.ts'
import { lendingOf } from '../../../src/core/molt/market/lending.ts'
import type { Known } from '../../../src/core/molt/market/match.ts'
import type { Bid, SignedBid } from '../../../src/model/molt-bid.ts'
import type { LendingMode, LendingPolicy } from '../../../src/model/molt-policy.ts'
import type { Want } from '../../../src/model/molt-want.ts'
import { wantOf } from './pair.ts'
import { network, provider, signedBy } from './samples.ts'

export const now = 1_750_000_000_000

export const aWant = (parts: Partial<Want> = {}): Want => wantOf(network.id, parts)

export const aGroup = (parts: Partial<FreeGroup> = {}): FreeGroup => ({
  ...{ vendor: 'nvidia', model: 'NVIDIA H100 80GB HBM3', memoryMib: 81_559, free: ['G0', 'G1', 'G2', 'G3'] },
  ...{ used: 0, all: 4, availableAt: now },
  ...parts,
})

export const aSituation = (parts: Partial<Situation> = {}): Situation => ({
  ...{ provider, network: network.id, groups: [aGroup()], leases: 0, isolation: ['gvisor'] },
  ...{ buyer: { score: 90, isClosedOut: false }, room: null, market: () => null, now },
  ...parts,
})

export interface Asked {
  readonly mode?: LendingMode
  readonly policy?: LendingPolicy
  readonly want?: Partial<Want>
  readonly situation?: Partial<Situation>
}

export const decided = ({ mode = 'moderate', policy = {}, want = {}, situation = {} }: Asked): Decision =>
  decideBid(lendingOf(mode, policy), aWant(want), aSituation(situation))

/** The bid of a node that lends at the usual terms, with what is said instead, signed. */
export function aBid(parts: Partial<Bid> = {}, want: Partial<Want> = {}): SignedBid {
  const decision = decided({ want })
  if (decision.type === 'decline') throw new Error(decision.reason)
  const bid = { ...decision.bid, ...parts }
  return { bid, signature: signedBy(bid.provider, 'bid', bid) }
}

export const known = (parts: Partial<Known> = {}): Known => ({
  ...{ score: null, isClosedOut: false, verification: 'self-reported' },
  ...parts,
})
