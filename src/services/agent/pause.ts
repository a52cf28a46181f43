/** Holds the work of this host still, and lets it go on, whatever the mesh thinks of it: only whoever lends its devices does that. */
import type { KnownTask } from '../../core/agent/view.ts'
import { ClawError } from '../../model/failure.ts'
import type { PlacementId } from '../../model/ids.ts'
import type { ExecutorKind } from '../../model/node.ts'
import type { Executor } from '../../ports/executor.ts'

interface Host {
  readonly executors: ReadonlyMap<ExecutorKind, Executor>
  tasks(): readonly KnownTask[]
}

/** Nobody remembers it: after a restart, whoever wants a task held still says so again. Throws WORKLOAD_NOT_FOUND and PAUSE_UNSUPPORTED. */
export async function pauseTask(host: Host, placement: PlacementId, isPaused: boolean): Promise<void> {
  const task = host.tasks().find(({ status }) => status.placement === placement)
  const executor = task === undefined ? undefined : host.executors.get(task.executor)
  if (executor === undefined) throw new ClawError('WORKLOAD_NOT_FOUND', { workload: placement })
  const done = isPaused ? executor.pause?.(placement) : executor.resume?.(placement)
  if (done === undefined) throw new ClawError('PAUSE_UNSUPPORTED', { workload: placement, executor: executor.kind })
  await done
}
