/** Which backups of a schedule are kept: the newest, and the newest of each of the last hours, days, weeks and months in which there is one. */
import type { BackupRetention } from '../../model/backup.ts'
import type { Instant } from '../../model/time.ts'
import { day, hour } from '../../model/time.ts'

interface Made {
  readonly id: string
  readonly createdAt: Instant
}

type Period = Exclude<keyof BackupRetention, 'last'>

/** Two moments are in the same period when this is the same. Weeks begin on Mondays, and everything in UTC. */
const periods: Readonly<Record<Period, (at: Instant) => number>> = {
  hourly: (at) => Math.floor(at / hour),
  daily: (at) => Math.floor(at / day),
  // The first of January 1970 was a Thursday.
  weekly: (at) => Math.floor((at / day + 3) / 7),
  monthly: (at) => {
    const date = new Date(at)
    return date.getUTCFullYear() * 12 + date.getUTCMonth()
  },
}

/** Ids of those that are to go, oldest first. The newest never is. */
export function expired(backups: readonly Made[], keep: BackupRetention): readonly string[] {
  const newestFirst = backups.toSorted((a, b) => b.createdAt - a.createdAt || (a.id < b.id ? 1 : -1))
  const kept = new Set(newestFirst.slice(0, Math.max(1, keep.last)).map(({ id }) => id))
  for (const [period, numberOf] of Object.entries(periods))
    for (const id of newestOfEach(newestFirst, numberOf, keep[period as Period])) kept.add(id)
  return newestFirst
    .filter(({ id }) => !kept.has(id))
    .map(({ id }) => id)
    .toReversed()
}

function newestOfEach(
  newestFirst: readonly Made[],
  numberOf: (at: Instant) => number,
  most: number,
): readonly string[] {
  const byPeriod = new Map<number, string>()
  for (const { id, createdAt } of newestFirst) {
    const number = numberOf(createdAt)
    if (!byPeriod.has(number)) byPeriod.set(number, id)
  }
  return [...byPeriod.values()].slice(0, most)
}
