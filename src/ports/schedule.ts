/** When a schedule such as `0 3 * * *` names a moment, in a time zone. Nothing of it looks at a clock. */
import type { Instant } from '../model/time.ts'

export interface Schedule {
  readonly schedule: string
  readonly timeZone: string
}

export interface Schedules {
  /** What is wrong with it, in words; null when it can be followed. */
  problem(schedule: Schedule): string | null
  /** The first moment after this one; null when there is none any more, or this host cannot follow the schedule. */
  next(schedule: Schedule, after: Instant): Instant | null
}
