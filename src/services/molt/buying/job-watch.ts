/** What becomes of a job, and what its work prints, wherever that is: for those who stay with it. */
import type { Job } from '../../../core/molt/market/job.ts'
import type { Purchase } from '../../../core/molt/market/purchase.ts'
import { abortable } from '../../../lib/abortable.ts'
import { Bell } from '../../../lib/bell.ts'
import { isClawError } from '../../../model/failure.ts'
import type { Millis } from '../../../model/time.ts'
import { second } from '../../../model/time.ts'
import type { Clock } from '../../../ports/clock.ts'
import type { LogsItem } from '../../../wire/molt-lease.ts'
import type { BuyingService, LogsQuery } from './buying.ts'

type Jobs = Pick<BuyingService, 'job' | 'isSettled' | 'onChange'>

/** The job as it is, and each time that it has changed, until it is over. Throws MOLT_JOB_NOT_FOUND and the signal's reason. */
export async function* jobStates(service: Jobs, reference: string, signal: AbortSignal): AsyncGenerator<Job> {
  const { id } = service.job(reference)
  const bell = new Bell()
  const off = service.onChange((job) => {
    if (job.id === id) bell.ring()
  })
  try {
    for (;;) {
      const job = service.job(id)
      yield job
      if (service.isSettled(job)) return
      await abortable(bell.rung(), signal)
    }
  } finally {
    off()
  }
}

export interface JobOutput {
  /** The first is 1. */
  readonly attempt: number
  readonly item: LogsItem
}

interface Following {
  readonly service: Jobs & Pick<BuyingService, 'logs'>
  readonly clock: Clock
}

/** A provider that is away is asked again after so long. */
const pause: Millis = second

/** What all its attempts print, until the last has ended; a provider that is away for a moment is asked again. Throws as `BuyingService.logs`. */
export async function* followJob(
  { service, clock }: Following,
  { job: reference, tail }: { readonly job: string; readonly tail: number | null },
  signal: AbortSignal,
): AsyncGenerator<JobOutput> {
  const { id } = service.job(reference)
  for (let index = 0; ;) {
    const purchase = await begun(service, { id, index }, signal)
    if (purchase === null) return
    let from: number | null = null
    index = purchase.index + 1
    while (isLive(service.job(id), purchase.key) || from === null) {
      const query: LogsQuery = { key: purchase.key, from, tail: from === null ? tail : null, follow: true }
      try {
        for await (const item of service.logs(id, query, signal)) {
          if (item.kinds !== '') from = item.position
          yield { attempt: index, item }
        }
        if (!isLive(service.job(id), purchase.key)) break
      } catch (error) {
        signal.throwIfAborted()
        const isAway = isClawError(error) && ['unavailable', 'timeout'].includes(error.kind)
        if (!isAway || !isLive(service.job(id), purchase.key)) throw error
      }
      await later(clock, signal)
    }
  }
}

const isLive = ({ buy: { purchases } }: Job, key: string): boolean =>
  purchases.some((one) => one.key === key && one.state === 'running')

/** The next purchase whose work has begun; null when there will be none. */
async function begun(
  service: Jobs,
  { id, index }: { readonly id: string; readonly index: number },
  signal: AbortSignal,
): Promise<{ readonly key: string; readonly index: number } | null> {
  for await (const job of jobStates(service, id, signal)) {
    const { purchases, state } = job.buy
    const found = purchases.findIndex((purchase, i) => i >= index && hasBegun(job, purchase))
    const purchase = purchases[found]
    if (purchase !== undefined) return { key: purchase.key, index: found }
    if (state === 'closing' || state === 'closed') return null
  }
  return null
}

/** Of work that is over within moments nothing but its end may be heard. */
function hasBegun({ words }: Job, { key, state, agreement }: Purchase): boolean {
  if (agreement === null) return false
  const { startedAt = null, exitCode = null } = words[key] ?? {}
  return state === 'running' || startedAt !== null || exitCode !== null
}

async function later(clock: Clock, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const cancel = clock.after(pause, resolve)
  try {
    await abortable(promise, signal)
  } finally {
    cancel()
  }
}
