/** What becomes of tasks and holdings that the mesh no longer wants here: stopped, freed, kept a while for their logs, removed. */
import type { AgentAction } from './action.ts'
import type { Holding } from './device-ledger.ts'
import type { AgentSettings, AgentView, KnownTask } from './view.ts'

/** Only for a fresh view: the tasks are of placements that are over, superseded, or unknown to the mesh. */
export function strayTaskSteps(
  view: AgentView,
  tasks: readonly KnownTask[],
  settings: AgentSettings,
): readonly AgentAction[] {
  const kept = new Set(keptForLogs(view, tasks, settings))
  return tasks.flatMap((task): AgentAction[] => {
    const { executor, status } = task
    const { placement } = status
    if (status.status.state !== 'ended') {
      const grace = view.assigned.get(placement)?.spec.stopGraceMs ?? settings.strayGrace
      return [{ do: 'stop', placement, executor, grace: Math.max(1, grace) }]
    }
    const holding = view.ledger.get(placement)
    if (holding !== undefined && holding.phase !== 'over') return [release(holding)]
    if (!kept.has(task)) return [{ do: 'remove', placement, executor }]
    return holding === undefined ? [] : [forget(holding)]
  })
}

/** The newest ended tasks, as many and for as long as the settings say. */
function keptForLogs(
  { at }: AgentView,
  tasks: readonly KnownTask[],
  { keepEnded, keepEndedFor }: AgentSettings,
): readonly KnownTask[] {
  return tasks
    .flatMap((task) => (task.status.status.state === 'ended' ? [{ task, endedAt: task.status.status.endedAt }] : []))
    .filter(({ endedAt }) => at - endedAt < keepEndedFor)
    .toSorted((a, b) => b.endedAt - a.endedAt)
    .slice(0, keepEnded)
    .map(({ task }) => task)
}

/** A holding without a task. While an executor has not told all its tasks, one may still turn up. */
export function strayHoldingSteps(view: AgentView, holding: Holding): readonly AgentAction[] {
  if ([...view.executors.values()].includes('unknown')) return []
  return [holding.phase === 'over' ? forget(holding) : release(holding)]
}

const release = ({ placement }: Holding): AgentAction => ({
  do: 'record',
  placement,
  record: { type: 'release', placement },
})

const forget = ({ placement }: Holding): AgentAction => ({
  do: 'record',
  placement,
  record: { type: 'forget', placement },
})
