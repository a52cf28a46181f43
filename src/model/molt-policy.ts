/** What an owner writes about lending: prices, hours, whom and what for. All of it can be left out: the mode says the rest. */
import { z } from 'zod'
import { parseDuration, parseMemoryMib } from '../lib/units.ts'
import { parseMolt } from './amount.ts'
import { party } from './molt-agreement.ts'
import { gpuModel, isolation, region } from './molt-hardware.ts'
import { parseHours } from './molt-hours.ts'

export const lendingModes = ['conservative', 'moderate', 'aggressive'] as const
export type LendingMode = (typeof lendingModes)[number]

const isSpan = (text: string): boolean => (parseDuration(text) ?? -1) >= 0
const span = z.string().max(32).refine(isSpan, 'must be a time such as 90s, 10m or 24h')
const isMolt = (text: string): boolean => parseMolt(text) !== null
/** `2.5`, or `2.5 MOLT`. */
export const molt = z.string().max(32).refine(isMolt, 'must be an amount such as 2.5 MOLT')
const isSize = (text: string): boolean => parseMemoryMib(text) !== null
const size = z.string().max(32).refine(isSize, 'must be a size such as 10Gi')
const isHours = (text: string): boolean => parseHours(text) !== null
const hours = z.array(z.string().max(64).refine(isHours, 'must be like 22:00-06:00 or Mon-Fri 09:00-17:30')).max(32)
const isTimeZone = (name: string): boolean => {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== ''
  } catch {
    return false
  }
}
const globs = z.array(z.string().min(1).max(256)).max(256)
const parties = z.array(party).max(256)
const percent = z.int().min(0).max(10_000)

export const LendingPolicy = z.strictObject({
  prices: z
    .record(gpuModel, molt)
    .refine((all) => Object.keys(all).length <= 64, 'at most 64 models')
    .describe('MOLT for an hour of one GPU, by model or family; `*` is for all that are not named')
    .exactOptional(),
  pricing: z
    .strictObject({
      strategy: z
        .enum(['fixed', 'utilisation', 'market'])
        .describe(
          '`fixed`: the price as it stands; `utilisation`: more of it the fewer GPUs are free; `market`: what others ask',
        ),
      markupPercent: percent.describe('Of the cost, for `fixed` and where there is no market rate').exactOptional(),
    })
    .describe('How the rate follows from the prices; without it, they are the rates')
    .exactOptional(),
  peak: z
    .strictObject({
      hours: hours.describe('When it is: `Mon-Fri 09:00-17:30`'),
      percent: z.int().min(100).max(10_000).describe('Of the rate: 150 for half as much again'),
    })
    .exactOptional(),
  blackout: hours.describe('When nothing is lent').exactOptional(),
  timeZone: z.string().min(1).max(64).refine(isTimeZone, 'must be a time zone such as Europe/Berlin').exactOptional(),
  shortest: span.describe('No shorter lease').exactOptional(),
  longest: span.describe('No longer lease').exactOptional(),
  gpus: z.array(gpuModel).max(64).describe('Only these models or families are lent').exactOptional(),
  images: z
    .strictObject({ allowed: globs.exactOptional(), blocked: globs.exactOptional() })
    .describe('Names with `*` and `?`; what is blocked stays so, whatever is allowed')
    .exactOptional(),
  data: z
    .strictObject({
      inputs: size.describe('Most that a buyer may send for one lease; 0 for nothing').exactOptional(),
      outputs: size.describe('Most that work may leave for its buyer; 0 for nothing').exactOptional(),
      images: size
        .describe(
          'Largest image that is taken from a buyer; 0 for none, as where `images.allowed` names some and this does not',
        )
        .exactOptional(),
      all: size.describe('Most of all that together, of all leases').exactOptional(),
      send: span.describe('GPUs wait so long for what is sent').exactOptional(),
      keep: span.describe('What work leaves is kept so long after its agreement was closed').exactOptional(),
    })
    .describe('What goes with work, and comes back')
    .exactOptional(),
  buyers: z
    .strictObject({
      minReputation: z.int().min(0).max(100).exactOptional(),
      newcomers: z.boolean().describe('Lend to those of whom nothing is known').exactOptional(),
      trusted: parties.describe('Lent to whatever is known of them').exactOptional(),
      blocked: parties.describe('Never lent to').exactOptional(),
    })
    .exactOptional(),
  isolation: z
    .array(isolation)
    .min(1)
    .max(3)
    .describe('How guests are kept apart; `runc` has to be named')
    .exactOptional(),
  interval: span.describe('Between two meter notes, 1s to 1h: what one costs is all that can be lost').exactOptional(),
  reclaim: span.describe('So long before GPUs are taken back the guest is told').exactOptional(),
  concurrency: z.int().min(1).max(10_000).describe('So many leases at a time').exactOptional(),
  largestLease: molt.describe('No lease that costs more').exactOptional(),
  gpuReset: z
    .boolean()
    .describe('GPUs in whose memory something is left after a lease are reset; otherwise they wait until it is gone')
    .exactOptional(),
  region: region.exactOptional(),
  arbiters: z.array(party).max(7).exactOptional(),
  disputeWindow: span
    .describe(
      'So long after the end of a lease arbiters have to judge; 24h where it is left out, half of the claim time at most',
    )
    .exactOptional(),
})
export type LendingPolicy = z.infer<typeof LendingPolicy>
