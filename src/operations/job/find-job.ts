/** Finds what is named in a namespace, by its name, its id, or the beginning of that. */
import { z } from 'zod'
import { ClawError } from '../../model/failure.ts'
import type { Job } from '../../model/job.ts'
import { defaultNamespace, namespaceName } from '../../model/namespace.ts'
import type { OperationContext } from '../context.ts'
import { refresh } from '../find.ts'

/** Where it is looked for by its name. */
export const namespaceField = namespaceName.optional().describe('The namespace that it belongs to; `default`')
export const reasonField = z.string().min(1).max(256).optional().describe('Why, for those who look at it later')
export const keyField = z.string().min(1).max(128).optional().describe('The same key by the same caller does it once')

interface Called {
  readonly id: string
  readonly name: string
  readonly namespace: string
}

export interface Wanted {
  readonly wanted: string
  readonly namespace: string | undefined
}

/** An id names it wherever it is. Undefined when nothing fits, or several do. */
export function found<T extends Called>(all: Iterable<T>, { wanted, namespace }: Wanted): T | undefined {
  const things = [...all]
  const here = things.filter((one) => one.namespace === (namespace ?? defaultNamespace))
  const exact = here.find(({ name }) => name === wanted) ?? things.find(({ id }) => id === wanted)
  const like = wanted.length < 8 ? [] : things.filter(({ id }) => id.startsWith(wanted))
  return exact ?? (like.length === 1 ? like[0] : undefined)
}

const ref = z.string().min(1).max(128).optional()
/** One of them names it. */
export const jobReference = {
  job: ref.describe('Name or id of the job'),
  jobId: ref.describe('The same'),
  name: ref.describe('The same'),
  namespace: namespaceField,
}

export interface JobReference {
  readonly job?: string | undefined
  readonly jobId?: string | undefined
  readonly name?: string | undefined
  readonly namespace?: string | undefined
}

/** Throws JOB_NOT_FOUND. */
export async function findJob(input: JobReference, context: OperationContext, signal: AbortSignal): Promise<Job> {
  await refresh(context, signal)
  return jobIn(input, context)
}

function jobIn(input: JobReference, { control }: OperationContext): Job {
  const wanted = input.job ?? input.jobId ?? input.name
  if (wanted === undefined) throw new ClawError('INVALID_REQUEST', { problem: 'no job is named' })
  const job = found(control.state.jobs.values(), { wanted, namespace: input.namespace })
  if (job === undefined) throw new ClawError('JOB_NOT_FOUND', { job: wanted })
  return job
}

/** Throws JOB_NOT_FOUND. */
export const ofJob = (input: JobReference, context: OperationContext): string => jobIn(input, context).namespace
