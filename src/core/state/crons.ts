/** What users do with schedules, and what becomes of the moments that the leader finds to have come. */
import type { Cron, CronFiring } from '../../model/cron.ts'
import { mostEarlier } from '../../model/cron.ts'
import type { CronId, JobId } from '../../model/ids.ts'
import type { Job } from '../../model/job.ts'
import { isOver, longestJobName } from '../../model/job.ts'
import type { Instant } from '../../model/time.ts'
import type { CronCommand } from './cron-commands.ts'
import { addJob, endJob, jobObstacle, jobSpecObstacle, removeJob } from './jobs.ts'
import { limits } from './state.ts'
import type { Step } from './step.ts'
import { accepted, emit, refused } from './step.ts'
import type { Command, CommandOf, MeshState, Outcome } from './types.ts'

const types: readonly string[] = [
  'create-cron',
  'update-cron',
  'trigger-cron',
  'suspend-cron',
  'resume-cron',
  'delete-cron',
  'fire-cron',
] satisfies CronCommand['type'][]

export const isOnCron = (command: Command): command is CronCommand => types.includes(command.type)

export function carryOutOnCron(step: Step, command: CronCommand): Outcome {
  switch (command.type) {
    case 'create-cron':
      return createCron(step, command)
    case 'update-cron':
      return updateCron(step, command)
    case 'trigger-cron':
      return triggerCron(step, command)
    case 'suspend-cron':
      return suspendCron(step, command)
    case 'resume-cron':
      return resumeCron(step, command)
    case 'delete-cron':
      return deleteCron(step, command)
    case 'fire-cron':
      return fireCron(step, command)
  }
}

/** The one of that name in that namespace; undefined when there is none. */
const cronNamed = ({ crons }: Pick<MeshState, 'crons'>, namespace: string, name: string): Cron | undefined =>
  [...crons.values()].find((cron) => cron.name === name && cron.namespace === namespace)

/** Moments before its making, or before it was resumed, are none of its business. */
function createCron(step: Step, { cron: id, name, spec, settings, job }: CommandOf<'create-cron'>): Outcome {
  const { state, at, by } = step
  const known = state.crons.get(id)
  if (known !== undefined)
    return known.name === name && known.createdBy === by
      ? accepted({ cron: id })
      : refused('INVALID_REQUEST', { problem: `the id ${id} belongs to another schedule` })
  if (cronNamed(state, spec.namespace, name) !== undefined) return refused('CRON_EXISTS', { name })
  if (state.crons.size >= limits.crons) return refused('RATE_LIMITED', { who: by })
  const obstacle = jobSpecObstacle(state, { spec, settings: job })
  if (obstacle !== null) return obstacle
  put(step, {
    ...settings,
    ...{ id, name, spec, job, namespace: spec.namespace },
    ...{ suspended: false, last: at, fired: 0, missedCount: 0, history: [] },
    ...{ createdAt: at, createdBy: by, updatedAt: at },
  })
  emit(step, {
    type: 'cron.created',
    namespace: spec.namespace,
    message: `the schedule ${name} was created by ${by}: ${settings.schedule} (${settings.timeZone})`,
  })
  return accepted({ cron: id })
}

function put({ state, changes }: Step, cron: Cron): void {
  state.crons.set(cron.id, cron)
  changes.push({ type: 'cron', cron: cron.id })
}

/** What it has made stays as it is, and what had come before the change is done still, as it is to be done from now on. */
function updateCron(step: Step, { cron: id, reason, ...parts }: CommandOf<'update-cron'>): Outcome {
  const { state, at, by } = step
  const cron = state.crons.get(id)
  if (cron === undefined) return refused('CRON_NOT_FOUND', { cron: id })
  const { name, edition = 0, earlier: before = [] } = cron
  const { spec, settings, job } = parts
  if (parts.edition !== edition) return refused('CRON_BUSY', { name, reason: 'somebody has changed it meanwhile' })
  if (spec.namespace !== cron.namespace)
    return refused('INVALID_REQUEST', { problem: `the schedule ${name} belongs to the namespace ${cron.namespace}` })
  const obstacle = jobSpecObstacle(state, { spec, settings: job, instead: cron.spec })
  if (obstacle !== null) return obstacle
  const { schedule, timeZone } = cron
  const isMoved = settings.schedule !== schedule || settings.timeZone !== timeZone
  const isHeld = isMoved && !cron.suspended && at > (before.at(-1)?.until ?? cron.last)
  const earlier = isHeld ? [...before, { schedule, timeZone, until: at }] : before
  if (earlier.length > mostEarlier)
    return refused('CRON_BUSY', { name, reason: 'what has come before its last changes is still to be done' })
  put(step, {
    ...{ ...cron, ...settings, spec, job, edition: edition + 1, updatedAt: at },
    ...(earlier.length > 0 && { earlier }),
  })
  emit(step, {
    type: 'cron.updated',
    namespace: cron.namespace,
    message: `the schedule ${name} was changed by ${by}: ${settings.schedule} (${settings.timeZone})${because(reason)}`,
  })
  return accepted({ cron: id })
}

function triggerCron(step: Step, { cron: id, job }: CommandOf<'trigger-cron'>): Outcome {
  const { state, at } = step
  const cron = state.crons.get(id)
  if (cron === undefined) return refused('CRON_NOT_FOUND', { cron: id })
  const name = freeName(state, cron, `${cron.name}-manual-${Math.floor(at)}`)
  const made = makeJob(step, cron, { id: job, name, at: null })
  if (!made.ok) return made
  const firing = { at, isManual: true, outcome: 'started', count: 1, job, jobName: name, reason: null } as const
  noteFiring(step, cron, firing, {})
  return accepted({ cron: id, job })
}

/** Two within one millisecond have different names too. */
function freeName(state: Step['state'], { namespace }: Cron, wanted: string): string {
  const taken = new Set(
    Array.from(state.jobs.values()).flatMap((job) => (job.namespace === namespace ? [job.name] : [])),
  )
  let name = wanted
  for (let number = 2; taken.has(name); number += 1) {
    const end = `-${number}`
    name = `${wanted.slice(0, longestJobName - end.length)}${end}`
  }
  return name
}

function makeJob(step: Step, cron: Cron, { id, name, at }: Making): Outcome {
  const parts = { id, name, spec: cron.spec, settings: cron.job }
  const own = { ...step, by: cron.createdBy }
  const obstacle = jobObstacle(own, parts)
  if (obstacle !== null) return obstacle
  addJob(own, { ...parts, origin: { type: 'cron', cron: cron.id, at } })
  return accepted({ job: id })
}

interface Making {
  readonly id: JobId
  readonly name: string
  readonly at: Instant | null
}

function noteFiring(step: Step, cron: Cron, firing: Omit<CronFiring, 'firedAt'>, parts: Partial<Cron>): void {
  const history = [...cron.history, { ...firing, firedAt: step.at }].slice(-limits.firings)
  put(step, { ...cron, ...parts, history, updatedAt: step.at })
}

function suspendCron(step: Step, { cron: id, reason }: CommandOf<'suspend-cron'>): Outcome {
  const cron = step.state.crons.get(id)
  if (cron === undefined) return refused('CRON_NOT_FOUND', { cron: id })
  if (cron.suspended) return accepted({ cron: id })
  put(step, { ...cron, suspended: true, updatedAt: step.at })
  emit(step, {
    type: 'cron.suspended',
    namespace: cron.namespace,
    message: `the schedule ${cron.name} was suspended by ${step.by}${because(reason)}`,
  })
  return accepted({ cron: id })
}

/** What it would have done meanwhile is neither done nor missed. */
function resumeCron(step: Step, { cron: id, reason }: CommandOf<'resume-cron'>): Outcome {
  const cron = step.state.crons.get(id)
  if (cron === undefined) return refused('CRON_NOT_FOUND', { cron: id })
  if (!cron.suspended) return accepted({ cron: id })
  put(step, { ...dealtWithUntil(cron, Math.max(cron.last, step.at)), suspended: false, updatedAt: step.at })
  emit(step, {
    type: 'cron.resumed',
    namespace: cron.namespace,
    message: `the schedule ${cron.name} was resumed by ${step.by}${because(reason)}`,
  })
  return accepted({ cron: id })
}

function deleteCron(step: Step, { cron: id, reason }: CommandOf<'delete-cron'>): Outcome {
  const { state, by, changes } = step
  const cron = state.crons.get(id)
  if (cron === undefined) return refused('CRON_NOT_FOUND', { cron: id })
  state.crons.delete(id)
  changes.push({ type: 'cron', cron: id })
  emit(step, {
    type: 'cron.deleted',
    namespace: cron.namespace,
    message: `the schedule ${cron.name} was deleted by ${by}${because(reason)}`,
  })
  for (const job of jobsOfCron(state, id)) removeJob(step, job, `deleted with ${cron.name} by ${by}`)
  return accepted({ cron: id })
}

/** Schedules that were replaced before then have nothing left to say. */
function dealtWithUntil({ earlier = [], ...cron }: Cron, at: Instant): Cron {
  const left = earlier.filter(({ until }) => until > at)
  return { ...cron, last: at, ...(left.length > 0 && { earlier: left }) }
}

/** Those that it has made and that are known, oldest first. */
export const jobsOfCron = ({ jobs }: Pick<MeshState, 'jobs'>, id: CronId): readonly Job[] =>
  Array.from(jobs.values())
    .filter(({ origin }) => origin?.type === 'cron' && origin.cron === id)
    .toSorted((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1))

/** A moment that is not after the last is one that somebody has dealt with. */
function fireCron(step: Step, { cron: id, at, job, missed }: CommandOf<'fire-cron'>): Outcome {
  const cron = step.state.crons.get(id)
  if (cron === undefined) return refused('CRON_NOT_FOUND', { cron: id })
  if (cron.suspended || at <= cron.last)
    return refused('CRON_BUSY', {
      name: cron.name,
      reason: cron.suspended ? 'it is suspended' : 'that moment has been dealt with',
    })
  const dealtWith = { ...dealtWithUntil(cron, at), missedCount: cron.missedCount + missed }
  put(step, dealtWith)
  if (missed > 0) noteMissed(step, dealtWith, { at, missed })
  if (job !== undefined) fire(step, step.state.crons.get(id) ?? dealtWith, { at, job })
  return accepted({ cron: id, ...(job !== undefined && { job }) })
}

function noteMissed(step: Step, cron: Cron, { at, missed }: { readonly at: Instant; readonly missed: number }): void {
  const reason = `nobody could start it within ${cron.startingDeadlineMs / 1_000} s`
  const firing = { at, isManual: false, outcome: 'missed', count: missed, job: null, jobName: null, reason } as const
  noteFiring(step, cron, firing, {})
  const times = missed === 1 ? 'a moment' : `${missed} moments`
  emit(step, {
    type: 'cron.missed',
    namespace: cron.namespace,
    message: `the schedule ${cron.name} has missed ${times}: ${reason}`,
  })
}

/** As concurrency says, by the jobs that are there when the command is applied: every peer sees the same. */
function fire(step: Step, cron: Cron, { at, job }: { readonly at: Instant; readonly job: JobId }): void {
  const running = jobsOfCron(step.state, cron.id).filter((one) => !isOver(one))
  const firing = { at, isManual: false, count: 1 } as const
  const [first] = running
  if (first !== undefined && cron.concurrency === 'forbid') {
    const reason = `${first.name} still runs`
    noteFiring(step, cron, { ...firing, outcome: 'forbidden', job: null, jobName: null, reason }, {})
    return
  }
  if (cron.concurrency === 'replace')
    for (const one of running)
      if (one.state !== 'stopping' && one.state !== 'deleting')
        endJob(step, one, `replaced by the next of ${cron.name}`)
  const name = `${cron.name}-${Math.floor(at / 1_000)}`
  const made = makeJob(step, cron, { id: job, name, at })
  if (made.ok)
    noteFiring(
      step,
      cron,
      { ...firing, outcome: 'started', job, jobName: name, reason: null },
      {
        fired: cron.fired + 1,
      },
    )
  else {
    const reason = made.failure.message
    noteFiring(step, cron, { ...firing, outcome: 'refused', job: null, jobName: null, reason }, {})
    emit(step, {
      type: 'cron.refused',
      namespace: cron.namespace,
      message: `the schedule ${cron.name} cannot have a job made: ${reason}`,
    })
  }
}

const because = (reason: string | undefined): string => (reason === undefined ? '' : `: ${reason}`)
