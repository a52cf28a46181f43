/** Schedules by croner: five fields or six, names such as MON, words such as @daily, and summer time as the zone has it. */
import { Cron } from 'croner'
import type { Instant } from '../../model/time.ts'
import type { Schedule, Schedules } from '../../ports/schedule.ts'

/** Patterns are taken apart once. */
const known = new Map<string, Cron>()
const mostKnown = 1_000

/** Throws what croner throws. */
function patternOf({ schedule, timeZone }: Schedule): Cron {
  const key = `${timeZone} ${schedule}`
  const before = known.get(key)
  if (before !== undefined) return before
  // Without a function to call croner sets no timer.
  const pattern = new Cron(schedule, { timezone: timeZone, mode: '5-or-6-parts', paused: true })
  // A zone is only looked at when a moment is asked for.
  if (pattern.nextRun(new Date(0)) === null) throw new Error('it never comes')
  if (known.size >= mostKnown) known.clear()
  known.set(key, pattern)
  return pattern
}

export const cronerSchedules: Schedules = {
  problem(schedule) {
    try {
      patternOf(schedule)
      return null
    } catch (error) {
      return error instanceof Error ? error.message.replace(/^CronPattern: /, '') : String(error)
    }
  },
  next(schedule, after: Instant) {
    // A zone that this host does not know has no moments here; whoever leads next may know it.
    if (this.problem(schedule) !== null) return null
    return patternOf(schedule).nextRun(new Date(after))?.getTime() ?? null
  },
}
