/** When work is told to save: as often as it asks to while it runs, and before it leaves a node although it is to go on elsewhere. */
import type { Instant } from '../../model/time.ts'
import type { WorkloadSpec } from '../../model/workload.ts'
import type { AgentAction } from './action.ts'
import type { AgentView, Assigned } from './view.ts'

/** Says what was saved, and has it save again when that is due. */
export function checkpointSteps(
  { at, checkpoints }: Pick<AgentView, 'at' | 'checkpoints'>,
  { placement, spec, state, lastCheckpoint }: Assigned,
  startedAt: Instant,
): readonly AgentAction[] {
  if (spec.checkpoint === undefined || state !== 'running') return []
  const { signal, intervalMs = Infinity } = spec.checkpoint
  const { id, executor } = placement
  const told = checkpoints.get(id) ?? -1
  const last = Math.max(told, lastCheckpoint ?? -1)
  const turn = (moment: Instant): number => Math.floor((moment - startedAt) / intervalMs)
  const isDue = turn(at) > Math.max(0, turn(last))
  return [
    ...(isDue ? [{ do: 'checkpoint', placement: id, executor, signal, isLeaving: false } as const] : []),
    ...(told > (lastCheckpoint ?? -1)
      ? [{ do: 'report', placement: id, report: { type: 'checkpoint', at: told } } as const]
      : []),
  ]
}

/** What is done in place of stopping it while it may still save. Null when it is to be stopped now, saved or not. */
export function savingSteps(
  { at, saves }: Pick<AgentView, 'at' | 'saves'>,
  { placement, spec, stopRequested, eviction }: Assigned,
): readonly AgentAction[] | null {
  if (spec.checkpoint === undefined || stopRequested !== null || eviction === null || eviction.grace === 0) return null
  const { signal, saveMs = spec.stopGraceMs } = spec.checkpoint
  const save = saves.get(placement.id)
  // From the first try: an executor that cannot send the signal must not keep it here.
  if (save !== undefined && at - save.since >= saveMs) return null
  if (save?.isSent === true) return []
  return [{ do: 'checkpoint', placement: placement.id, executor: placement.executor, signal, isLeaving: true }]
}

/** Where it saves, and where its next attempt finds it again. */
export const checkpointEnvironment = ({
  checkpoint,
}: Pick<WorkloadSpec, 'checkpoint'>): Readonly<Record<string, string>> =>
  checkpoint?.path === undefined ? {} : { CLAW_CHECKPOINT_PATH: checkpoint.path }
