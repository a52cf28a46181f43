/** Schedules: jobs that the mesh makes by the clock. */
import { z } from 'zod'
import { ClawError } from '../../model/failure.ts'
import { cronId, jobId } from '../../model/ids.ts'
import { carryOut } from '../carry-out.ts'
import { refresh } from '../find.ts'
import { jobSettingsOf, runSpecOf } from '../job/job-request.ts'
import { keyField, kind, reasonField, telling } from '../kind.ts'
import { unary } from '../operation.ts'
import { beyond, ofRequest } from '../touched.ts'
import { pinned, randomWord } from '../workload/workload-request.ts'
import { cronChangeFields, cronOver, CronRequest, cronSettingsOf } from './cron-request.ts'
import { CronInfo, cronInfo, CronView, cronView, firingViews, FiringView } from './cron-view.ts'

const crons = kind('cron', {
  what: 'schedule',
  all: (state) => state.crons.values(),
  missing: (cron) => new ClawError('CRON_NOT_FOUND', { cron }),
})
const named = z.strictObject(crons.fields)
const told = named.extend({ reason: reasonField })

export const cronCreate = unary({
  name: 'cron.create',
  about: 'Have a job made at every moment that a schedule names, once, whoever leads the mesh by then.',
  input: CronRequest.extend({ idempotencyKey: keyField }),
  output: CronView,
  secretFields: ['env'],
  permission: { verb: 'create', resource: 'cron' },
  namespace: ofRequest,
  needs: beyond,
  rest: { method: 'POST', path: '/api/crons' },
  async handler({ idempotencyKey, name, ...request }, context, { caller, signal }) {
    const settings = cronSettingsOf(request, context.schedules)
    const spec = pinned(runSpecOf(request), context)
    const id = cronId(`cron-${randomWord(context.random, 10)}`)
    const command = { type: 'create-cron', cron: id, name, spec, settings, job: jobSettingsOf(request) } as const
    const { value } = await carryOut('cron', command, { context, caller, signal, key: idempotencyKey })
    return cronView(crons.made(value.cron ?? id, name, context), context)
  },
})

export const cronUpdate = unary({
  name: 'cron.update',
  about:
    'Change a schedule: when it comes, or what its jobs are. Its history stays, and each moment counts once still.',
  input: z.strictObject({
    ...{ ...cronChangeFields, ...crons.fields },
    expectedEdition: z.int().min(0).optional().describe('Refuse when it has been changed since that edition'),
    ...{ reason: reasonField, idempotencyKey: keyField },
  }),
  output: CronView,
  secretFields: ['env'],
  permission: { verb: 'create', resource: 'cron' },
  namespace: crons.namespaceOf,
  needs: beyond,
  rest: { method: 'PATCH', path: '/api/crons/:cron' },
  async handler({ reason, idempotencyKey, expectedEdition, ...asked }, context, { caller, signal }) {
    const cron = await crons.find(asked, context, signal)
    const { spec, ...parts } = cronOver(asked, cron, context.schedules)
    const command = {
      ...{ type: 'update-cron' as const, cron: cron.id, edition: expectedEdition ?? cron.edition ?? 0 },
      ...{ ...parts, spec: pinned(spec, context, cron.spec) },
      ...(reason !== undefined && { reason }),
    }
    await carryOut('cron', command, { context, caller, signal, key: idempotencyKey })
    return cronView(crons.now(cron, context), context)
  },
})

export const cronList = unary({
  name: 'cron.list',
  about: 'List the schedules by name, with the next moment of each.',
  input: z.strictObject({ namespace: z.string().max(63).optional().describe('Only those of this namespace') }),
  output: z.array(CronView),
  permission: { verb: 'read', resource: 'cron' },
  isScoped: true,
  rest: { method: 'GET', path: '/api/crons' },
  async handler({ namespace }, context, { signal }) {
    await refresh(context, signal)
    return [...context.control.state.crons.values()]
      .filter((cron) => namespace === undefined || cron.namespace === namespace)
      .toSorted((a, b) => (a.name < b.name ? -1 : 1))
      .map((cron) => cronView(cron, context))
  },
})

export const cronInfoOf = unary({
  name: 'cron.info',
  about: 'Show one schedule: when it comes next, what runs of it, and what came of its last moments.',
  input: named,
  output: CronInfo,
  permission: { verb: 'read', resource: 'cron' },
  namespace: crons.namespaceOf,
  rest: { method: 'GET', path: '/api/crons/:cron' },
  handler: async (input, context, { signal }) => cronInfo(await crons.find(input, context, signal), context),
})

export const cronHistory = unary({
  name: 'cron.history',
  about: 'List what came of the last moments of a schedule, newest first.',
  input: named.extend({ limit: z.int().min(1).max(100).default(100) }),
  output: z.array(FiringView),
  permission: { verb: 'read', resource: 'cron' },
  namespace: crons.namespaceOf,
  rest: { method: 'GET', path: '/api/crons/:cron/history' },
  handler: async ({ limit, ...input }, context, { signal }) =>
    firingViews(await crons.find(input, context, signal), context).slice(0, limit),
})

export const cronTrigger = unary({
  name: 'cron.trigger',
  about: 'Have a job made of a schedule now, outside of its moments.',
  input: told.extend({ idempotencyKey: keyField }),
  output: z.object({ cronId: z.string(), name: z.string(), jobId: z.string(), jobName: z.string() }),
  permission: { verb: 'create', resource: 'cron' },
  namespace: crons.namespaceOf,
  rest: { method: 'POST', path: '/api/crons/:cron/trigger' },
  async handler({ idempotencyKey, reason, ...input }, context, { caller, signal }) {
    const { id, name } = await crons.find(input, context, signal)
    const job = jobId(`job-${randomWord(context.random, 10)}`)
    const command = { type: 'trigger-cron', cron: id, job, ...(reason !== undefined && { reason }) } as const
    const { value } = await carryOut('cron', command, { context, caller, signal, key: idempotencyKey })
    const made = value.job ?? job
    const jobName = context.control.state.jobs.get(made)?.name ?? made
    return { cronId: id, name, jobId: made, jobName }
  },
})

const { tell, remove } = telling(crons, { output: CronView, view: cronView })

export const cronSuspend = tell('suspend', {
  about: 'Have no more jobs made by a schedule until it is resumed; those that run go on.',
  may: 'stop',
})

export const cronResume = tell('resume', {
  about: 'Go on with a schedule that was suspended; what it would have done meanwhile is not done.',
  may: 'create',
})

export const cronDelete = remove({
  about: 'Forget a schedule, stop its jobs that run, and forget them too.',
  gone: z.object({ cronId: z.string(), name: z.string(), deleted: z.boolean() }),
  viewOfGone: ({ id, name }) => ({ cronId: id, name, deleted: true }),
})
