/** Pieces that the schemas of several operations share. */
import { z } from 'zod'
import { parseDuration, parseSince } from '../lib/units.ts'
import { bucketPlace } from '../model/bucket.ts'
import { ClawError } from '../model/failure.ts'
import type { Instant, Millis } from '../model/time.ts'

export const nodeRef = z.string().min(1).max(128).describe('Name or id of a node; the beginning of an id will do')
export const workloadRef = z
  .string()
  .min(1)
  .max(128)
  .describe('Name or id of a workload; the beginning of an id, or its container’s id, will do')

export const since = z.string().max(64).describe('How far back: 1h, "24h ago", or an ISO time')
export const time = z.string().describe('ISO 8601, UTC')
export const idempotencyKey = z.string().min(1).max(128)
/** What becomes words, a path or the environment of a process, which end at the first NUL. */
export const processText = (most: number): z.ZodString =>
  z
    .string()
    .max(most)
    .refine((text) => !text.includes('\0'), 'must not contain NUL')
/** A place in a store of objects, as people name one. */
export const bucketFields = {
  ...bucketPlace,
  prefix: bucketPlace.prefix.default('').describe('How the names of its objects begin'),
  region: bucketPlace.region.default('us-east-1'),
  secret: bucketPlace.secret.describe('Secret with the keys of the account, as ID:KEY'),
}
export const noInput = z.strictObject({})

/** What `spanOf` reads. */
export const span = z.union([z.string().max(32), z.number().min(0)], {
  error: 'must be a span such as 30m, or seconds as a number',
})

/** Milliseconds since the epoch as people and scripts read them. */
export const iso = (at: Instant): string => new Date(at).toISOString()
export const isoOrNull = (at: Instant | null): string | null => (at === null ? null : iso(at))

/** Throws INVALID_REQUEST for what is no moment. */
export function momentOf(text: string | undefined, now: Instant): Instant | null {
  if (text === undefined) return null
  const at = parseSince(text, now)
  if (at === null)
    throw new ClawError('INVALID_REQUEST', { problem: `“${text}” is no time: write 1h, 24h ago or an ISO time` })
  return at
}

/** Throws INVALID_REQUEST for what is no span of time, or is shorter than the shortest that makes sense: one millisecond, or 0. */
export function spanOf(text: string | number, what: string, shortest: Millis = 1): Millis {
  const span = typeof text === 'number' ? text * 1_000 : parseDuration(text)
  if (span === null || span < shortest)
    throw new ClawError('INVALID_REQUEST', {
      problem: `${what} “${text}” is no span of time: write 90s, 30m, 24h or 7d`,
    })
  return span
}

export const workloadState = z.enum(['pending', 'starting', 'running', 'stopping', 'completed', 'failed', 'stopped'])
