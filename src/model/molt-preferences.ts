/** How a node buys, as its owner has written it: what it may spend, and from whom it takes. All of it can be left out. */
import { z } from 'zod'
import { party } from './molt-agreement.ts'
import { isolation } from './molt-hardware.ts'
import { molt } from './molt-policy.ts'

export const BuyingPreferences = z.strictObject({
  maxSpendPerJob: molt.describe('For one job').exactOptional(),
  maxSpendPerHour: molt.describe('In any hour, with what is set aside').exactOptional(),
  maxSpendPerDay: molt.describe('In any day, with what is set aside').exactOptional(),
  prefer: z.array(party).max(32).describe('Providers that come first, whatever others bid').exactOptional(),
  minReputation: z.int().min(0).max(100).describe('Of 100; at 0 also those of whom nothing is known').exactOptional(),
  isolation: z
    .array(isolation)
    .min(1)
    .max(3)
    .describe('How it lets its work be kept apart from other work; `runc` has to be named')
    .exactOptional(),
  arbiters: z
    .array(party)
    .max(7)
    .describe('Who may judge a dispute: a provider may name any of them, and none but them')
    .exactOptional(),
})
export type BuyingPreferences = z.infer<typeof BuyingPreferences>
