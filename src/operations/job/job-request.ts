/** How people write a job, in all its accepted spellings, and what the mesh makes of it. */
import { z } from 'zod'
import { ClawError } from '../../model/failure.ts'
import type { JobChanges, JobSettings } from '../../model/job.ts'
import { jobName, mostCompletions, mostParallel } from '../../model/job.ts'
import type { Millis } from '../../model/time.ts'
import { second } from '../../model/time.ts'
import type { WorkloadSpec as Spec } from '../../model/workload.ts'
import { processText, span, spanOf } from '../fields.ts'
import { replicaFields, replicaPart } from '../workload/replica-request.ts'
import { specOf } from '../workload/workload-request.ts'

const looksLikeId = /^(job|cron|wf)-[a-z0-9]{10}$/i

/** What a run can be told: all that can be said of a workload, but how many there are of it and when it is started again. */
const runFields = z.strictObject(replicaFields).omit({ restart: true }).shape

const settingsFields = {
  completions: z
    .int()
    .min(1)
    .max(mostCompletions)
    .optional()
    .describe('So many runs have to succeed, each with its number in CLAW_INDEX and JOB_COMPLETION_INDEX; 1'),
  parallelism: z
    .int()
    .min(1)
    .max(mostParallel)
    .optional()
    .describe('So many runs at a time; when left out 1, or as many as there are items'),
  backoffLimit: z.int().min(0).max(1_000).optional().describe('It has failed with one failed run more than this; 3'),
  backoff: span.optional().describe('Pause after a failed run, doubled after each that follows; 10s when left out'),
  deadline: span.optional().describe('Longest time that it may be active, after which it has failed'),
  activeDeadlineSeconds: z.number().min(1).optional().describe('The same as `deadline`, as Kubernetes calls it'),
  ttl: span.optional().describe('It is forgotten so long after its end; never by itself when left out'),
  ttlSecondsAfterFinished: z.number().min(0).optional().describe('The same as `ttl`, as Kubernetes calls it'),
  items: z
    .array(processText(1_024))
    .min(1)
    .max(mostParallel)
    .optional()
    .describe('One run for each, which is told it as CLAW_ITEM'),
  completionMode: z
    .enum(['Indexed', 'NonIndexed'])
    .optional()
    .describe('Taken for compatibility: every run has an index'),
}

/** What a job does, and how; also as a schedule or a step of a workflow has it. */
export const jobFields = {
  ...runFields,
  placement: z
    .enum(['pack', 'spread'], { error: 'must be pack or spread' })
    .optional()
    .describe('Fill nodes one after the other, as when left out, or share the runs out'),
  ...settingsFields,
}

/** What can be said of a job that there is. */
export const jobChangeFields = {
  parallelism: settingsFields.parallelism.describe('So many runs at a time; with fewer than now, those that run go on'),
  ...{ backoffLimit: settingsFields.backoffLimit, backoff: settingsFields.backoff },
  deadline: span.nullable().optional().describe('Longest time that it may be active; null for as long as it takes'),
  ttl: span
    .nullable()
    .optional()
    .describe('It is forgotten so long after its end; null when somebody has to delete it'),
}

/** A name of something that is found by name or id. */
export const ownName = (name: z.ZodString, what: string): z.ZodString =>
  name.refine((text) => !looksLikeId.test(text), `must not look like the id of a ${what}`)

/** A job as it is asked for. */
export const JobRequest = z.strictObject({
  ...jobFields,
  name: ownName(jobName, 'job').describe('Name, at most 53 characters; no other job of its namespace has it'),
})

export type JobWork = z.output<z.ZodObject<typeof jobFields>>

/** What every run is. Throws INVALID_REQUEST with the first thing that is wrong. */
export const runSpecOf = (request: JobWork): Spec =>
  specOf({ ...replicaPart(request), image: request.image, strategy: request.placement })

/** Throws INVALID_REQUEST. */
export function jobSettingsOf(request: Partial<JobWork>): JobSettings {
  const { items } = request
  const { completions, parallelism = items?.length ?? 1, backoffLimit = 3, backoff = '10s' } = request
  if (items !== undefined && completions !== undefined && completions !== items.length)
    throw invalid(`completions is ${completions}, and there are ${items.length} items`)
  return {
    completions: items?.length ?? completions ?? 1,
    ...{ parallelism, backoffLimit, items: items ?? null },
    backoffMs: Math.round(spanOf(backoff, 'backoff', 0)),
    deadlineMs: eitherOf('deadline', request.deadline, request.activeDeadlineSeconds, second),
    ttlMs: eitherOf('ttl', request.ttl, request.ttlSecondsAfterFinished, 0),
  }
}

type Said = z.output<z.ZodObject<typeof jobChangeFields>>

/** Throws INVALID_REQUEST, also when nothing is said. */
export function jobChangesOf({ parallelism, backoffLimit, backoff, deadline, ttl }: Said): JobChanges {
  const changes: JobChanges = {
    ...(parallelism !== undefined && { parallelism }),
    ...(backoffLimit !== undefined && { backoffLimit }),
    ...(backoff !== undefined && { backoffMs: Math.round(spanOf(backoff, 'backoff', 0)) }),
    ...(deadline !== undefined && { deadlineMs: orNever(deadline, 'deadline', second) }),
    ...(ttl !== undefined && { ttlMs: orNever(ttl, 'ttl', 0) }),
  }
  if (Object.keys(changes).length === 0) throw invalid('nothing is said that would be changed')
  return changes
}

const orNever = (said: string | number | null, what: string, shortest: Millis): Millis | null =>
  said === null ? null : Math.round(spanOf(said, what, shortest))

/** What is said goes over what was there: items make as many completions, and completions without items no items. */
export function jobSettingsOver(request: Partial<JobWork>, before: JobSettings): JobSettings {
  const said = jobSettingsOf(request)
  const { completions, items, parallelism, backoffLimit, backoff, deadline, activeDeadlineSeconds } = request
  const isCounted = completions !== undefined || items !== undefined
  return {
    ...before,
    ...(isCounted && { completions: said.completions, items: said.items }),
    ...((parallelism !== undefined || items !== undefined) && { parallelism: said.parallelism }),
    ...(backoffLimit !== undefined && { backoffLimit }),
    ...(backoff !== undefined && { backoffMs: said.backoffMs }),
    ...((deadline !== undefined || activeDeadlineSeconds !== undefined) && { deadlineMs: said.deadlineMs }),
    ...((request.ttl !== undefined || request.ttlSecondsAfterFinished !== undefined) && { ttlMs: said.ttlMs }),
  }
}

function eitherOf(
  what: string,
  own: string | number | undefined,
  other: number | undefined,
  shortest: Millis,
): Millis | null {
  if (own !== undefined && other !== undefined) throw invalid(`${what} is said twice`)
  const said = own ?? other
  return said === undefined ? null : Math.round(spanOf(said, what, shortest))
}

const invalid = (problem: string): ClawError => new ClawError('INVALID_REQUEST', { problem })
