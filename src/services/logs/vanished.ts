/** Logs of tasks that are gone without having told their end: removed behind the daemon's back, or with their engine. */
import { ClawError } from '../../model/failure.ts'
import type { PlacementId } from '../../model/ids.ts'
import type { Log } from '../../ports/log.ts'
import type { KeptLog, LogStore } from '../../ports/log-store.ts'

export interface VanishedDeps {
  readonly store: LogStore
  readonly log: Log
  /** Whether more may come of it. */
  readonly isAwaited: (placement: PlacementId) => boolean
}

/** Says of each that what is kept is all there is: only then it may be dropped to make room. */
export async function finishVanished({ store, log, isAwaited }: VanishedDeps): Promise<void> {
  for (const kept of store.list())
    if (!kept.isComplete && !isAwaited(kept.placement))
      try {
        await finish(store, kept)
        log.info('a task is gone, and its output with it but for what is kept', { placement: kept.placement })
      } catch (error) {
        // There will be room for these few bytes at some later look.
        if (!ClawError.is(error, 'DISK_FULL')) throw error
      }
}

async function finish(store: LogStore, { placement, workload, attempt, name }: KeptLog): Promise<void> {
  const writer = await store.write({ placement, workload, attempt, name })
  await writer.finish()
}
