/** Backups that the mesh makes by the clock, and how many of them it keeps. */
import { z } from 'zod'
import { isOf } from '../../core/state/backups.ts'
import type { BackupRetention, BackupSchedule, BackupTiming } from '../../model/backup.ts'
import { backupScheduleName, scheduleKey } from '../../model/backup.ts'
import { missedPolicies } from '../../model/cron.ts'
import { ClawError } from '../../model/failure.ts'
import { defaultNamespace, namespaceName } from '../../model/namespace.ts'
import { day, second } from '../../model/time.ts'
import type { Schedules } from '../../ports/schedule.ts'
import { carryOut } from '../carry-out.ts'
import { followed } from '../cron/cron-request.ts'
import type { OperationContext } from '../context.ts'
import { iso, span, spanOf, time } from '../fields.ts'
import { refresh } from '../find.ts'
import { nameOf } from '../node/node-view.ts'
import { unary } from '../operation.ts'
import { requireKey } from './backup.ts'
import { askedFields, isShown, neededFor, ofAsked, selectionOf, targetOf, targetText } from './backup-fields.ts'

const named = {
  schedule: backupScheduleName.describe('Name of the schedule'),
  namespace: namespaceName.default(defaultNamespace).describe('Whose it is'),
}
type Named = z.output<z.ZodObject<typeof named>>

const kept = z.int().min(0).max(366).optional()

const timed = {
  cron: z
    .string()
    .min(1)
    .max(128)
    .describe('When: five fields, such as `0 3 * * *`; six with seconds first; or @hourly, @daily, @weekly, @monthly'),
  timeZone: z.string().min(1).max(64).default('UTC').describe('Such as Europe/Zurich'),
  missed: z
    .enum(missedPolicies)
    .default('run-once')
    .describe('Moments at which nobody could begin in time: `skip` them, `run-once` for all, or `run-all`'),
  startingDeadline: span.default('10m').describe('A moment is missed when its backup could not begin within so long'),
  keepLast: kept.describe('So many of the newest; 7 when nothing is said about what is kept'),
  keepHourly: kept.describe('Of each of so many hours in which there is one the newest'),
  keepDaily: kept.describe('The same of days, which are those of UTC'),
  keepWeekly: kept.describe('The same of weeks, from Monday'),
  keepMonthly: kept.describe('The same of months'),
}

export const BackupScheduleView = z.object({
  name: z.string(),
  namespace: z.string(),
  cron: z.string(),
  timeZone: z.string(),
  scope: z.enum(['mesh', 'volumes']),
  volumes: z.array(z.string()).describe('Names; none for all'),
  labels: z.record(z.string(), z.string()),
  target: z.string(),
  node: z.string(),
  suspended: z.boolean(),
  nextRun: time.nullable(),
  fired: z.int().describe('How many backups it has had made'),
  missed: z.int().describe('How many moments nobody could begin at in time'),
  skipped: z.int().describe('At how many there was none, since the one before was being made, or it was refused'),
  refusal: z.string().nullable().describe('Why there was none at the last moment'),
  keep: z.object({ last: z.int(), hourly: z.int(), daily: z.int(), weekly: z.int(), monthly: z.int() }),
  kept: z.int().describe('Complete backups that there are of it'),
  createdAt: time,
  createdBy: z.string(),
})
type BackupScheduleView = z.infer<typeof BackupScheduleView>

export const backupScheduleCreate = unary({
  name: 'backup.schedule',
  about: 'Have a backup made at every moment that a schedule names, once, whoever leads the mesh by then.',
  input: z.strictObject({ ...named, ...askedFields, ...timed }),
  output: BackupScheduleView,
  permission: { verb: 'create', resource: 'backup' },
  namespace: ofAsked,
  needs: neededFor,
  rest: { method: 'POST', path: '/api/backup-schedules' },
  async handler({ schedule: name, namespace, ...asked }, context, { caller, signal }) {
    await refresh(context, signal)
    const selection = selectionOf({ namespace, ...asked })
    const target = targetOf({ namespace, ...asked }, context)
    const timing = timingOf(asked, context.schedules)
    if (selection.scope === 'volumes') await requireKey(namespace, { context, caller, signal })
    const command = { type: 'create-backup-schedule', namespace, name, selection, target, timing } as const
    await carryOut('backup-schedule', { ...command, keep: keepOf(asked) }, { context, caller, signal })
    return viewOf(found({ schedule: name, namespace }, context), context)
  },
})

type Timed = z.output<z.ZodObject<typeof timed>>

/** Throws INVALID_REQUEST. */
function timingOf({ cron, timeZone, missed, startingDeadline }: Timed, schedules: Schedules): BackupTiming {
  const when = followed({ schedule: cron, timeZone }, schedules)
  const startingDeadlineMs = Math.round(spanOf(startingDeadline, 'startingDeadline', second))
  if (startingDeadlineMs < second || startingDeadlineMs > day)
    throw new ClawError('INVALID_REQUEST', { problem: 'startingDeadline is from a second to a day' })
  return { ...when, missed, startingDeadlineMs }
}

/** Throws INVALID_REQUEST where nothing would be kept. */
function keepOf({ keepLast, keepHourly, keepDaily, keepWeekly, keepMonthly }: Timed): BackupRetention {
  const asked = [keepLast, keepHourly, keepDaily, keepWeekly, keepMonthly]
  if (asked.every((count) => count === undefined)) return { last: 7, hourly: 0, daily: 0, weekly: 0, monthly: 0 }
  if (asked.every((count) => (count ?? 0) === 0))
    throw new ClawError('INVALID_REQUEST', { problem: 'a schedule keeps some of its backups' })
  const [last = 0, hourly = 0, daily = 0, weekly = 0, monthly = 0] = asked
  return { last, hourly, daily, weekly, monthly }
}

export const backupScheduleList = unary({
  name: 'backup.schedules',
  about: 'List the schedules of backups, with the next moment of each.',
  input: z.strictObject({ namespace: namespaceName.optional().describe('Only of this namespace') }),
  output: z.array(BackupScheduleView),
  permission: { verb: 'read', resource: 'backup' },
  isScoped: true,
  rest: { method: 'GET', path: '/api/backup-schedules' },
  async handler({ namespace }, context, call) {
    await refresh(context, call.signal)
    return [...context.control.state.backupSchedules.values()]
      .filter((one) => isShown({ scope: one.selection.scope, namespace: one.namespace }, call))
      .filter((one) => namespace === undefined || one.namespace === namespace)
      .toSorted((a, b) => (scheduleKey(a) < scheduleKey(b) ? -1 : 1))
      .map((one) => viewOf(one, context))
  },
})

export const backupScheduleSuspend = unary({
  name: 'backup.suspend',
  about: 'Have no more backups made by a schedule until it is resumed.',
  input: z.strictObject(named),
  output: BackupScheduleView,
  permission: { verb: 'change', resource: 'backup' },
  namespace: ofSchedule,
  rest: { method: 'POST', path: '/api/backup-schedules/:schedule/suspend' },
  handler: (input, context, call) => suspend(input, true, { context, call }),
})

export const backupScheduleResume = unary({
  name: 'backup.resume',
  about: 'Go on with a schedule of backups that was suspended; what it would have done meanwhile is not done.',
  input: z.strictObject(named),
  output: BackupScheduleView,
  permission: { verb: 'change', resource: 'backup' },
  namespace: ofSchedule,
  rest: { method: 'POST', path: '/api/backup-schedules/:schedule/resume' },
  handler: (input, context, call) => suspend(input, false, { context, call }),
})

export const backupScheduleDelete = unary({
  name: 'backup.unschedule',
  about: 'Forget a schedule of backups. Those that it has had made stay, and are deleted by nobody any more.',
  input: z.strictObject(named),
  output: z.object({ name: z.string(), deleted: z.boolean() }),
  permission: { verb: 'remove', resource: 'backup' },
  namespace: ofSchedule,
  rest: { method: 'DELETE', path: '/api/backup-schedules/:schedule' },
  async handler(input, context, { caller, signal }) {
    await refresh(context, signal)
    const { name, namespace } = found(input, context)
    await carryOut('backup-schedule', { type: 'delete-backup-schedule', namespace, name }, { context, caller, signal })
    return { name, deleted: true }
  },
})

interface Around {
  readonly context: OperationContext
  readonly call: Parameters<(typeof backupScheduleDelete)['handler']>[2]
}

async function suspend(input: Named, suspended: boolean, { context, call }: Around): Promise<BackupScheduleView> {
  const { caller, signal } = call
  await refresh(context, signal)
  const { name, namespace } = found(input, context)
  const command = { type: 'suspend-backup-schedule', namespace, name, suspended } as const
  await carryOut('backup-schedule', command, { context, caller, signal })
  return viewOf(found(input, context), context)
}

/** Throws BACKUP_SCHEDULE_NOT_FOUND. */
function found({ schedule, namespace }: Named, { control }: Pick<OperationContext, 'control'>): BackupSchedule {
  const key = scheduleKey({ namespace, name: schedule })
  const one = control.state.backupSchedules.get(key)
  if (one === undefined) throw new ClawError('BACKUP_SCHEDULE_NOT_FOUND', { schedule: key })
  return one
}

/** A backup of the mesh is of no namespace. Throws BACKUP_SCHEDULE_NOT_FOUND. */
function ofSchedule(input: Named, context: OperationContext): string | null {
  return found(input, context).selection.scope === 'mesh' ? null : input.namespace
}

function viewOf(one: BackupSchedule, { control, clock, schedules }: OperationContext): BackupScheduleView {
  const { name, namespace, timeZone, selection, target, suspended, fired, missedCount, skipped, refusal, keep } = one
  const next = suspended ? null : schedules.next(one, Math.max(one.last, clock.now()))
  const own = [...control.state.backups.values()].filter((backup) => backup.state === 'complete' && isOf(one, backup))
  const chosen = selection.scope === 'mesh' ? { names: [], labels: {} } : selection
  return {
    ...{ name, namespace, cron: one.schedule, timeZone, scope: selection.scope, suspended, fired, skipped, refusal },
    ...{ volumes: [...chosen.names], labels: { ...chosen.labels }, keep: { ...keep }, kept: own.length },
    ...{ target: targetText(target), node: nameOf(control.state, target.node), missed: missedCount },
    ...{ nextRun: next === null ? null : iso(next), createdAt: iso(one.createdAt), createdBy: one.createdBy },
  }
}
