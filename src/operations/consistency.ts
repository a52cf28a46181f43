/** How fresh the state must be that an operation looks at. Every operation takes these two beside its own input. */
import { z } from 'zod'
import type { Freshness } from '../services/control/types.ts'
import { parseInput } from './input.ts'

export const consistencies = ['stale', 'session', 'linearizable'] as const

/** For the documents; the operations' own schemas do not know of them. */
export const Consistency = z.object({
  consistency: z
    .enum(consistencies)
    .optional()
    .describe(
      'stale: what the peer has. session: at least up to `index`. linearizable: all that was acknowledged before, or NO_LEADER. ' +
        'Left out: as the last, but after 300 ms what the peer has',
    ),
  index: z
    .union([
      z.int().min(0),
      z
        .string()
        .regex(/^\d{1,15}$/, 'must be a whole number')
        .transform(Number),
    ])
    .optional()
    .describe('Log index from the answer to an earlier request; alone, it means session'),
})

const Asked = Consistency.refine(
  ({ consistency, index }) => (consistency === 'session') === (index !== undefined) || consistency === undefined,
  'session takes an index, and an index means session',
)

export interface Reading {
  /** What is left of the input. */
  readonly own: unknown
  /** Null when the caller leaves it to the operation. */
  readonly freshness: Freshness | null
}

/** Throws INVALID_REQUEST for a consistency that makes no sense. */
export function readingIn(input: unknown): Reading {
  if (typeof input !== 'object' || input === null || !('consistency' in input || 'index' in input))
    return { own: input, freshness: null }
  const { consistency, index, ...own } = input as Readonly<Record<string, unknown>>
  const asked = parseInput(Asked, { consistency, index })
  if (asked.index !== undefined) return { own, freshness: { atLeast: asked.index } }
  const { consistency: wanted } = asked
  return { own, freshness: wanted === undefined || wanted === 'session' ? null : wanted }
}
