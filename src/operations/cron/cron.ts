/** Schedules: jobs that the mesh makes by the clock. */
import { z } from 'zod'
import type { Command } from '../../core/state/types.ts'
import type { Cron } from '../../model/cron.ts'
import { ClawError } from '../../model/failure.ts'
import { cronId, jobId } from '../../model/ids.ts'
import { carryOut } from '../carry-out.ts'
import type { OperationContext } from '../context.ts'
import { refresh } from '../find.ts'
import { found, keyField, namespaceField, reasonField } from '../job/find-job.ts'
import { jobSettingsOf, runSpecOf } from '../job/job-request.ts'
import type { Call } from '../operation.ts'
import { unary } from '../operation.ts'
import { beyond, ofRequest } from '../touched.ts'
import { pinned, randomWord } from '../workload/workload-request.ts'
import { CronRequest, cronSettingsOf } from './cron-request.ts'
import { CronInfo, cronInfo, CronView, cronView, firingViews, FiringView } from './cron-view.ts'

const ref = z.string().min(1).max(128).optional()
/** One of them names it. */
const named = z.strictObject({
  cron: ref.describe('Name or id of the schedule'),
  cronId: ref.describe('The same'),
  name: ref.describe('The same'),
  namespace: namespaceField,
})
type Reference = z.output<typeof named>
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
    return cronView(known(context.control.state.crons.get(value.cron ?? id), name), context)
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
  namespace: ofCron,
  rest: { method: 'GET', path: '/api/crons/:cron' },
  handler: async (input, context, { signal }) => cronInfo(await findCron(input, context, signal), context),
})

export const cronHistory = unary({
  name: 'cron.history',
  about: 'List what came of the last moments of a schedule, newest first.',
  input: named.extend({ limit: z.int().min(1).max(100).default(100) }),
  output: z.array(FiringView),
  permission: { verb: 'read', resource: 'cron' },
  namespace: ofCron,
  rest: { method: 'GET', path: '/api/crons/:cron/history' },
  handler: async ({ limit, ...input }, context, { signal }) =>
    firingViews(await findCron(input, context, signal), context).slice(0, limit),
})

export const cronTrigger = unary({
  name: 'cron.trigger',
  about: 'Have a job made of a schedule now, outside of its moments.',
  input: told.extend({ idempotencyKey: keyField }),
  output: z.object({ cronId: z.string(), name: z.string(), jobId: z.string(), jobName: z.string() }),
  permission: { verb: 'create', resource: 'cron' },
  namespace: ofCron,
  rest: { method: 'POST', path: '/api/crons/:cron/trigger' },
  async handler({ idempotencyKey, reason, ...input }, context, { caller, signal }) {
    const { id, name } = await findCron(input, context, signal)
    const job = jobId(`job-${randomWord(context.random, 10)}`)
    const command = { type: 'trigger-cron', cron: id, job, ...(reason !== undefined && { reason }) } as const
    const { value } = await carryOut('cron', command, { context, caller, signal, key: idempotencyKey })
    const made = value.job ?? job
    const jobName = context.control.state.jobs.get(made)?.name ?? made
    return { cronId: id, name, jobId: made, jobName }
  },
})

export const cronSuspend = unary({
  name: 'cron.suspend',
  about: 'Have no more jobs made by a schedule until it is resumed; those that run go on.',
  input: told,
  output: CronView,
  permission: { verb: 'stop', resource: 'cron' },
  namespace: ofCron,
  rest: { method: 'POST', path: '/api/crons/:cron/suspend' },
  handler: (input, context, call) => change('suspend-cron', input, { context, call }),
})

export const cronResume = unary({
  name: 'cron.resume',
  about: 'Go on with a schedule that was suspended; what it would have done meanwhile is not done.',
  input: told,
  output: CronView,
  permission: { verb: 'create', resource: 'cron' },
  namespace: ofCron,
  rest: { method: 'POST', path: '/api/crons/:cron/resume' },
  handler: (input, context, call) => change('resume-cron', input, { context, call }),
})

export const cronDelete = unary({
  name: 'cron.delete',
  about: 'Forget a schedule, stop its jobs that run, and forget them too.',
  input: told,
  output: z.object({ cronId: z.string(), name: z.string(), deleted: z.boolean() }),
  permission: { verb: 'stop', resource: 'cron' },
  namespace: ofCron,
  rest: { method: 'DELETE', path: '/api/crons/:cron' },
  async handler({ reason, ...input }, context, { caller, signal }) {
    const { id, name } = await findCron(input, context, signal)
    const command = { type: 'delete-cron', cron: id, ...(reason !== undefined && { reason }) } as const
    await carryOut('cron', command, { context, caller, signal })
    return { cronId: id, name, deleted: true }
  },
})

interface Around {
  readonly context: OperationContext
  readonly call: Pick<Call, 'caller' | 'signal'>
}

async function change(
  type: 'suspend-cron' | 'resume-cron',
  { reason, ...input }: z.output<typeof told>,
  { context, call: { caller, signal } }: Around,
): Promise<CronView> {
  const cron = await findCron(input, context, signal)
  const command: Command = { type, cron: cron.id, ...(reason !== undefined && { reason }) }
  await carryOut('cron', command, { context, caller, signal })
  return cronView(context.control.state.crons.get(cron.id) ?? cron, context)
}

/** Throws CRON_NOT_FOUND. */
async function findCron(input: Reference, context: OperationContext, signal: AbortSignal): Promise<Cron> {
  await refresh(context, signal)
  return cronIn(input, context)
}

function cronIn(input: Reference, { control }: OperationContext): Cron {
  const wanted = input.cron ?? input.cronId ?? input.name
  if (wanted === undefined) throw new ClawError('INVALID_REQUEST', { problem: 'no schedule is named' })
  return known(found(control.state.crons.values(), { wanted, namespace: input.namespace }), wanted)
}

/** Throws CRON_NOT_FOUND. */
function ofCron(input: Reference, context: OperationContext): string {
  return cronIn(input, context).namespace
}

function known(cron: Cron | undefined, wanted: string): Cron {
  if (cron === undefined) throw new ClawError('CRON_NOT_FOUND', { cron: wanted })
  return cron
}
