/** Hours of the week as people write them: `22:00-06:00`, `Mon-Fri 09:00-17:30`, `Sat,Sun 00:00-24:00`. */

export interface Hours {
  /** 0 is Sunday: the days on which they begin. */
  readonly days: readonly number[]
  /** Minutes of the day; `to` is not part of them. Where it is not after `from`, they end on the next day. */
  readonly from: number
  readonly to: number
}

const names = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']
const everyDay = [0, 1, 2, 3, 4, 5, 6]

/** Null for what is none. */
export function parseHours(text: string): Hours | null {
  const parts = /^(?:([a-z,-]+)\s+)?(\d{1,2}:\d{2})\s*-\s*(\d{1,2}:\d{2})$/i.exec(text.trim())
  if (parts === null) return null
  const days = parts[1] === undefined ? everyDay : daysOf(parts[1])
  const [from, to] = [minutesOf(parts[2] ?? ''), minutesOf(parts[3] ?? '')]
  if (days === null || from === null || to === null || from === 1_440 || from === to) return null
  return { days, from, to }
}

function daysOf(text: string): readonly number[] | null {
  const days = text
    .toLowerCase()
    .split(',')
    .map((part) => {
      const [first = '', last = first, more] = part.split('-')
      const [from, to] = [names.indexOf(first), names.indexOf(last)]
      if (from < 0 || to < 0 || more !== undefined) return null
      return Array.from({ length: ((to - from + 7) % 7) + 1 }, (_, i) => (from + i) % 7)
    })
  return days.some((part) => part === null) ? null : [...new Set(days.flatMap((part) => part ?? []))].toSorted()
}

function minutesOf(text: string): number | null {
  const [hours = NaN, minutes = NaN] = text.split(':').map(Number)
  const total = hours * 60 + minutes
  return minutes < 60 && total <= 1_440 ? total : null
}
