/** Policies, and the commands on them and on prices, as they stand in the log and in snapshots. */
import { z } from 'zod'
import type { Policy } from '../../model/policy.ts'
import { policyModes, policyName, PolicyRules, PolicyRulesPatch, policyScope } from '../../model/policy.ts'
import { PricesPatch } from '../../model/prices.ts'
import * as shape from './schemas.ts'

const type = <T extends string>(name: T): { readonly type: z.ZodLiteral<T> } => ({ type: z.literal(name) })
const made = {
  name: policyName,
  namespaces: policyScope,
  mode: z.enum(policyModes),
  about: shape.remark.or(z.literal('')),
}

/** Of every command in this file. */
export const policyCommands = [
  z.strictObject({ ...type('create-policy'), ...made, rules: PolicyRules }),
  z.strictObject({
    ...type('update-policy'),
    name: policyName,
    namespaces: made.namespaces.exactOptional(),
    mode: made.mode.exactOptional(),
    about: made.about.exactOptional(),
    rules: PolicyRulesPatch.exactOptional(),
  }),
  z.strictObject({ ...type('remove-policy'), name: policyName }),
  z.strictObject({ ...type('set-prices'), prices: PricesPatch }),
] as const

/** A policy as it stands in snapshots. */
export const PolicySchema = z.strictObject({
  ...made,
  rules: PolicyRules,
  createdAt: shape.instant,
  createdBy: z.string(),
  updatedAt: shape.instant,
}) satisfies z.ZodType<Policy>
