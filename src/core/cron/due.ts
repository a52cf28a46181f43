/**
 * What a schedule has to do now: the moments since the last that was dealt with go in; what is to become of them comes out, one after the
 * other, ascending. Which moments a schedule names is asked of whoever knows calendars; nothing here remembers anything.
 */
import type { Cron, CronSettings } from '../../model/cron.ts'
import type { Instant } from '../../model/time.ts'

export interface Due {
  /** The moment up to which everything is dealt with by this. */
  readonly at: Instant
  /** Whether a job is made for it. */
  readonly isRun: boolean
  /** How many moments are passed over by this. */
  readonly missed: number
}

/** What has moments: a schedule of jobs, or of backups. */
export type Timed = Pick<
  Cron,
  'schedule' | 'timeZone' | 'last' | 'suspended' | 'missed' | 'startingDeadlineMs' | 'earlier'
>

/** Most jobs that one look makes, and the most moments that are looked at. */
const mostAtOnce = 100
const mostMoments = 1_000

/** The first moment after this one; null when there is none. */
export type Next = (of: Pick<CronSettings, 'schedule' | 'timeZone'>, after: Instant) => Instant | null

/** When there is next something to do; null when there never is, as far as is known. */
export function nextDue({ suspended, last, earlier: [before] = [], ...cron }: Timed, next: Next): Instant | null {
  if (suspended) return null
  return before === undefined ? next(cron, last) : Math.min(next(before, last) ?? Infinity, before.until)
}

/** What had come before the schedule was changed is dealt with first, and then closed: the present one begins where it ends. */
export function dueNow(cron: Timed, now: Instant, next: Next): readonly Due[] {
  if (cron.suspended) return []
  const [before] = cron.earlier ?? []
  if (before === undefined) return dueOf(cron, now, (after) => next(cron, after))
  const { until } = before
  const within = (after: Instant): Instant | null => {
    const at = next(before, after)
    return at === null || at > until ? null : at
  }
  const due = dueOf(cron, now, within)
  const last = due.at(-1)?.at ?? cron.last
  const isClosed = last < until && until <= now && within(last) === null
  return isClosed ? [...due, { at: until, isRun: false, missed: 0 }] : due
}

function dueOf(cron: Timed, now: Instant, next: (after: Instant) => Instant | null): readonly Due[] {
  const moments = momentsUntil(cron.last, now, next)
  const late = moments.filter((at) => now - at > cron.startingDeadlineMs)
  const timely = moments.slice(late.length).map((at): Due => ({ at, isRun: true, missed: 0 }))
  // With more of them to come, the one of all that are late is not among these yet.
  const isWhole = late.length < mostMoments
  return [...lateOnes(cron, late, isWhole), ...timely].slice(0, mostAtOnce)
}

function lateOnes({ missed }: Timed, late: readonly Instant[], isWhole: boolean): readonly Due[] {
  const last = late.at(-1)
  if (last === undefined) return []
  switch (missed) {
    case 'skip':
      return [{ at: last, isRun: false, missed: late.length }]
    case 'run-once':
      return [{ at: last, isRun: isWhole, missed: isWhole ? late.length - 1 : late.length }]
    case 'run-all':
      return late.map((at) => ({ at, isRun: true, missed: 0 }))
  }
}

/** Ascending, at most so many: the rest is looked at when these are dealt with. */
function momentsUntil(last: Instant, now: Instant, next: (after: Instant) => Instant | null): readonly Instant[] {
  const moments: Instant[] = []
  for (let at = next(last); at !== null && at <= now && moments.length < mostMoments; at = next(at)) moments.push(at)
  return moments
}
