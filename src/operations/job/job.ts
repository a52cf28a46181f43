/** Jobs: what is to be done so many times and then is over. */
import { z } from 'zod'
import { runsOf } from '../../core/state/job-steps.ts'
import { ClawError } from '../../model/failure.ts'
import { jobId } from '../../model/ids.ts'
import type { Job } from '../../model/job.ts'
import { isOver } from '../../model/job.ts'
import { seen } from '../changes.ts'
import { carryOut } from '../carry-out.ts'
import type { OperationContext } from '../context.ts'
import { refresh } from '../find.ts'
import { filterInput, tail } from '../logs/log-input.ts'
import { LogRead } from '../logs/log-read.ts'
import { keyField, kind, reasonField, telling } from '../kind.ts'
import { stream, unary } from '../operation.ts'
import { pinned, randomWord } from '../workload/workload-request.ts'
import { beyond, ofRequest } from '../touched.ts'
import { jobChangeFields, jobChangesOf, JobRequest, jobSettingsOf, runSpecOf } from './job-request.ts'
import { JobStatus, jobStatus, JobView, jobView } from './job-view.ts'

export const jobs = kind('job', {
  what: 'job',
  all: (state) => state.jobs.values(),
  missing: (job) => new ClawError('JOB_NOT_FOUND', { job }),
})
const named = z.strictObject(jobs.fields)

export const jobCreate = unary({
  name: 'job.create',
  about: 'Have something done so many times, tried again when it fails, and counted.',
  input: JobRequest.extend({ idempotencyKey: keyField }),
  output: JobView,
  secretFields: ['env'],
  permission: { verb: 'create', resource: 'job' },
  namespace: ofRequest,
  needs: beyond,
  rest: { method: 'POST', path: '/api/jobs' },
  async handler({ idempotencyKey, name, ...request }, context, { caller, signal }) {
    const spec = pinned(runSpecOf(request), context)
    const id = jobId(`job-${randomWord(context.random, 10)}`)
    const command = { type: 'create-job', job: id, name, spec, settings: jobSettingsOf(request) } as const
    const { value } = await carryOut('job', command, { context, caller, signal, key: idempotencyKey })
    return jobView(jobs.made(value.job ?? id, name, context), context)
  },
})

export const jobStatusOf = unary({
  name: 'job.status',
  about: 'Show one job: how many of its runs have succeeded, those that run, and why it waits or has failed.',
  input: named,
  output: JobStatus,
  permission: { verb: 'read', resource: 'job' },
  namespace: jobs.namespaceOf,
  rest: { method: 'GET', path: '/api/jobs/:job' },
  handler: async (input, context, { signal }) => jobStatus(await jobs.find(input, context, signal), context),
})

export const jobList = unary({
  name: 'job.list',
  about: 'List the jobs, newest first.',
  input: z.strictObject({
    namespace: z.string().max(63).optional().describe('Only those of this namespace'),
    state: z.string().max(32).optional().describe('Only those in this state'),
    limit: z.int().min(1).max(10_000).default(1_000),
  }),
  output: z.array(JobView),
  permission: { verb: 'read', resource: 'job' },
  isScoped: true,
  rest: { method: 'GET', path: '/api/jobs' },
  async handler({ namespace, state, limit }, context, { signal }) {
    await refresh(context, signal)
    return [...context.control.state.jobs.values()]
      .filter((job) => namespace === undefined || job.namespace === namespace)
      .filter((job) => state === undefined || job.state === state)
      .toSorted((a, b) => b.createdAt - a.createdAt || (a.id < b.id ? -1 : 1))
      .slice(0, limit)
      .map((job) => jobView(job, context))
  },
})

export const jobWait = stream({
  name: 'job.wait',
  about: 'Tell every change of a job until it is over; the last item is the end.',
  input: named,
  output: JobStatus,
  permission: { verb: 'read', resource: 'job' },
  namespace: jobs.namespaceOf,
  async *handler(input, context, { signal }) {
    const { id } = await jobs.find(input, context, signal)
    const look = () => {
      const job = context.control.state.jobs.get(id)
      if (job === undefined) return null
      const view = jobStatus(job, context)
      return { view, shape: { ...view, durationSecs: null }, isLast: isOver(job) }
    }
    yield* seen(look, context, { signal })
  },
})

export const jobLogs = stream({
  name: 'job.logs',
  about: 'Read the output of the runs of a job, many lines an item.',
  input: named.extend({
    index: z.int().min(0).optional().describe('Only of the last run with this index'),
    follow: z.boolean().default(false),
    tail: tail.optional(),
    ...filterInput,
  }),
  output: LogRead,
  permission: { verb: 'read', resource: 'job' },
  namespace: jobs.namespaceOf,
  async *handler({ index, follow, tail: last, level, search, since, until, context: around, ...input }, context, call) {
    const job = await jobs.find(input, context, call.signal)
    const workload = index === undefined ? job.id : runWith(index, job, context)
    const filter = { level, search, since, until, context: around }
    const wanted = { workloads: [workload], follow, tail: last, ...filter }
    for await (const item of call.open('log.read', wanted, call.signal)) yield item as z.input<typeof LogRead>
  },
})

/** Throws INVALID_REQUEST when that index has not run. */
function runWith(index: number, job: Job, { control }: OperationContext): string {
  const run = runsOf(control.state, job.id).findLast((one) => one.run?.index === index)
  if (run === undefined)
    throw new ClawError('INVALID_REQUEST', { problem: `no run of ${job.name} has the index ${index}` })
  return run.id
}

const { tell, remove } = telling(jobs, { output: JobView, view: jobView })

export const jobStop = tell('stop', {
  about: 'Stop a job for good: what runs of it is stopped, and nothing more is started.',
  may: 'stop',
})

export const jobSuspend = tell('suspend', {
  about: 'Stop what runs of a job, and start nothing more until it is resumed.',
  may: 'stop',
})

export const jobResume = tell('resume', {
  about: 'Go on with a job that was suspended; what has succeeded stays done.',
  may: 'create',
})

export const jobDelete = remove({
  about: 'Stop what runs of a job, and forget it and its runs.',
  gone: z.object({ jobId: z.string(), name: z.string(), deleted: z.boolean(), state: z.string() }),
  viewOfGone: ({ id, name }, state) => ({ jobId: id, name, deleted: true, state }),
})

export const jobUpdate = unary({
  name: 'job.update',
  about:
    'Change how a job goes on: how many runs at a time, how often and how long it may be tried. What runs goes on.',
  input: named.extend({ ...jobChangeFields, reason: reasonField, idempotencyKey: keyField }),
  output: JobView,
  permission: { verb: 'create', resource: 'job' },
  namespace: jobs.namespaceOf,
  rest: { method: 'PATCH', path: '/api/jobs/:job' },
  async handler({ reason, idempotencyKey, ...asked }, context, { caller, signal }) {
    const settings = jobChangesOf(asked)
    const job = await jobs.find(asked, context, signal)
    const command = { type: 'update-job', job: job.id, settings, ...(reason !== undefined && { reason }) } as const
    await carryOut('job', command, { context, caller, signal, key: idempotencyKey })
    return jobView(jobs.now(job, context), context)
  },
})
