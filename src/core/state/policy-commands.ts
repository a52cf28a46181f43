/** The commands on what work may be, and on what it costs. */
import type { Policy, PolicyRulesPatch } from '../../model/policy.ts'
import type { PricesPatch } from '../../model/prices.ts'

type Made = Pick<Policy, 'name' | 'namespaces' | 'mode' | 'about' | 'rules'>

export type PolicyCommand =
  | ({ readonly type: 'create-policy' } & Made)
  /** What is left out stays as it is. */
  | ({ readonly type: 'update-policy'; readonly name: string; readonly rules?: PolicyRulesPatch } & Partial<
      Pick<Made, 'namespaces' | 'mode' | 'about'>
    >)
  | { readonly type: 'remove-policy'; readonly name: string }
  | { readonly type: 'set-prices'; readonly prices: PricesPatch }
