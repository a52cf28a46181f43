/** How a node buys, as its owner has written it: what it may spend, and from whom it takes. All of it can be left out. */
import { z } from 'zod'
import { parseMemoryMib } from '../lib/units.ts'
import { party } from './molt-agreement.ts'
import { isolation } from './molt-hardware.ts'
import { molt } from './molt-policy.ts'

const size = z
  .string()
  .max(32)
  .refine((text) => (parseMemoryMib(text) ?? 0) >= 4, 'must be a size such as 256Mi, and 4Mi at least')

/** How a provider is challenged. */
export const probeFields = {
  image: z
    .string()
    .min(1)
    .max(256)
    .describe('Has the program that answers, and `sleep`; with its digest, NAME@sha256:…, or one that this node has'),
  program: z
    .array(z.string().min(1).max(1_024))
    .min(1)
    .max(16)
    .default(['claw-probe'])
    .describe('The program in it, and its arguments: see config/probe/claw-probe.c'),
  memory: size.default('256Mi').describe('How much memory is filled'),
  maxPrice: molt.default('1').describe('What one challenge may cost, in MOLT'),
}

export const Probes = z.strictObject({
  perDay: z
    .number()
    .positive()
    .max(1_000)
    .describe('So many on an average day, at random moments, each of a provider by chance'),
  ...probeFields,
  image: z
    .string()
    .max(256)
    .regex(/@sha256:[0-9a-f]{64}$/, 'must be like NAME@sha256:…')
    .describe('As above, with its digest'),
})

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
  probes: Probes.describe('Providers that are challenged by chance; none when left out').exactOptional(),
  arbiters: z
    .array(party)
    .max(7)
    .describe('Who may judge a dispute: a provider may name any of them, and none but them')
    .exactOptional(),
})
export type BuyingPreferences = z.infer<typeof BuyingPreferences>
export type Probes = z.infer<typeof Probes>
