/** What can be asked of output, for every operation that reads it, and how it comes back. */
import { z } from 'zod'
import { levels } from '../../core/logs/level.ts'
import type { FilterSettings } from '../../core/logs/log-filter.ts'
import { PatternSearch } from '../../core/logs/pattern-search.ts'
import type { Instant } from '../../model/time.ts'
import { momentOf, since } from '../fields.ts'

export const position = z.int().min(0).describe('Go on after this position, without gap or repeat')
export const tail = z.int().min(0).max(1_000_000).describe('Only so many last lines')
const context = z.int().min(0).max(1_000).describe('So many lines before and after each match')

/** As users write it. */
export const filterInput = {
  level: z.enum(levels).optional().describe('Lines of this level and above, in JSON or plain text'),
  search: z
    .string()
    .min(1)
    .max(1_000)
    .optional()
    .describe('Lines with this text, or this /regular expression/; without capitals in it, in any case'),
  since: since.optional(),
  until: since.optional().describe('Not after this: 1h ago, or an ISO time'),
  context: context.default(0),
}

interface FilterWords {
  readonly level?: FilterSettings['level'] | undefined
  readonly search?: string | undefined
  readonly since?: string | undefined
  readonly until?: string | undefined
  readonly context: number
}

/** As peers tell each other: moments are fixed where the question was asked. */
export const Filter = z.strictObject({
  level: z.enum(levels).nullable(),
  search: z.string().max(1_000).nullable(),
  since: z.number().nullable().describe('Milliseconds since the epoch'),
  until: z.number().nullable(),
  context,
  details: z.boolean().describe('Tell the position and time of each line'),
})
export type Filter = z.infer<typeof Filter>

/** Throws INVALID_REQUEST for what is no time, or cannot be searched for. */
export function filterOf(words: FilterWords, now: Instant, details: boolean): Filter {
  const { level = null, search = null, context } = words
  // The node that searches would refuse it too, but later.
  if (search !== null) new PatternSearch(search)
  return { level, search, since: momentOf(words.since, now), until: momentOf(words.until, now), context, details }
}

/** Many lines as one item; see `lib/log-chunk`. */
export const Chunk = z.object({
  position: z.number().describe('Of the last line'),
  text: z.string().describe('Lines, each with a newline at its end'),
  kinds: z
    .string()
    .describe('What the lines are, in runs: o3e1 is three to standard output, then one to standard error'),
  positions: z.string().optional(),
  times: z.string().optional(),
  note: z.string().optional().describe('Something to know of what is missing here'),
})
export type Chunk = z.infer<typeof Chunk>
