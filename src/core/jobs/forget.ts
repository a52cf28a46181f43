/** Which jobs have been over for long enough: by their own time, or because their schedule has had so many others since. */
import type { CronId, JobId } from '../../model/ids.ts'
import type { Job } from '../../model/job.ts'
import { isOver } from '../../model/job.ts'
import type { Instant } from '../../model/time.ts'
import type { MeshState } from '../state/types.ts'

/** Most jobs of one command. */
const most = 200

export function jobsToForget(state: Pick<MeshState, 'jobs' | 'crons'>, at: Instant): readonly JobId[] {
  const over = [...state.jobs.values()].filter(isOver)
  const late = over.filter(({ ttlMs, endedAt }) => ttlMs !== null && (endedAt ?? at) + ttlMs <= at)
  return [...new Set([...late, ...beyondHistory(over, state)])].slice(0, most).map(({ id }) => id)
}

/** Of each schedule the oldest, beyond what it keeps. */
function beyondHistory(over: readonly Job[], { crons }: Pick<MeshState, 'crons'>): readonly Job[] {
  const byCron = new Map<CronId, Job[]>()
  for (const job of over) {
    if (job.origin?.type !== 'cron') continue
    const known = byCron.get(job.origin.cron)
    if (known === undefined) byCron.set(job.origin.cron, [job])
    else known.push(job)
  }
  return [...byCron].flatMap(([id, jobs]) => {
    const { keepCompleted, keepFailed } = crons.get(id) ?? { keepCompleted: 0, keepFailed: 0 }
    const completed = jobs.filter(({ state }) => state === 'completed')
    const others = jobs.filter(({ state }) => state !== 'completed')
    return [...oldest(completed, keepCompleted), ...oldest(others, keepFailed)]
  })
}

/** All but the youngest so many. */
const oldest = (jobs: readonly Job[], kept: number): readonly Job[] =>
  jobs.toSorted((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1)).slice(0, Math.max(0, jobs.length - kept))
