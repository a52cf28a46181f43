/** What follows from how a node is to buy: where its owner has said nothing, as a moderate one would. */
import { parseMolt } from '../../../model/amount.ts'
import type { NodeId } from '../../../model/ids.ts'
import type { Isolation } from '../../../model/molt-hardware.ts'
import type { BuyingPreferences } from '../../../model/molt-preferences.ts'
import type { SpendingLimits } from './spending.ts'
import { spendingOf } from './spending.ts'

export interface Buying {
  readonly limits: SpendingLimits
  readonly prefer: readonly NodeId[]
  readonly minReputation: number
  readonly isolation: readonly Isolation[]
  readonly arbiters: readonly NodeId[]
}

export function buyingOf(preferences: BuyingPreferences): Buying {
  const { maxSpendPerJob, maxSpendPerHour, maxSpendPerDay, prefer = [], minReputation = 0, arbiters = [] } = preferences
  const given = (text: string | undefined, otherwise: bigint): bigint =>
    text === undefined ? otherwise : (parseMolt(text) ?? otherwise)
  const { job, hour, day } = spendingOf.moderate
  return {
    limits: {
      ...{ job: given(maxSpendPerJob, job), hour: given(maxSpendPerHour, hour), day: given(maxSpendPerDay, day) },
    },
    ...{ prefer, minReputation, isolation: preferences.isolation ?? ['gvisor', 'kata'], arbiters },
  }
}
