/** Whether a moment is within hours of the week, on the clocks of a place. */
import type { Hours } from '../../../model/molt-hours.ts'
import type { Instant } from '../../../model/time.ts'

export interface LocalHours {
  readonly hours: readonly Hours[]
  /** Of the IANA database. */
  readonly timeZone: string
}

const dayNames = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']

export function isWithin({ hours, timeZone }: LocalHours, at: Instant): boolean {
  if (hours.length === 0) return false
  const { day, minute } = localTime(timeZone, at)
  const before = (day + 6) % 7
  return hours.some(({ days, from, to }) => {
    if (from < to) return days.includes(day) && minute >= from && minute < to
    return (days.includes(day) && minute >= from) || (days.includes(before) && minute < to)
  })
}

function localTime(timeZone: string, at: Instant): { readonly day: number; readonly minute: number } {
  const format = new Intl.DateTimeFormat('en-GB', {
    ...{ timeZone, weekday: 'short', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' },
  })
  const parts = new Map(format.formatToParts(at).map(({ type, value }) => [type, value]))
  const part = (type: Intl.DateTimeFormatPartTypes): string => parts.get(type) ?? ''
  return { day: dayNames.indexOf(part('weekday')), minute: Number(part('hour')) * 60 + Number(part('minute')) }
}
