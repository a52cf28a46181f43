/** What a node says about work that it has claimed. Whatever comes late, or from another node, counts for nothing. */
import type { WorkloadError } from '../../model/workload.ts'
import { change, end } from './lifecycle.ts'
import type { CurrentPlacement } from './placements.ts'
import { currentPlacement } from './placements.ts'
import type { Step } from './step.ts'
import { accepted, emit, refused } from './step.ts'
import type { CommandOf, Outcome } from './types.ts'

type Report = CommandOf<'report-starting' | 'report-running' | 'report-ended'>

function claimed({ state }: Step, { placement, node }: Report): CurrentPlacement | null {
  const workload = currentPlacement(state, placement, node)
  return workload?.placement.state === 'claimed' ? workload : null
}

export function reportStarting(step: Step, report: CommandOf<'report-starting'>): Outcome {
  const workload = claimed(step, report)
  if (workload === null) return refused('PLACEMENT_SUPERSEDED', { placement: report.placement })
  if (workload.state === 'starting') change(step, workload, { progress: report.progress })
  return accepted({ workload: workload.id })
}

export function reportRunning(step: Step, report: CommandOf<'report-running'>): Outcome {
  const workload = claimed(step, report)
  if (workload === null) return refused('PLACEMENT_SUPERSEDED', { placement: report.placement })
  if (workload.state === 'running') return accepted({ workload: workload.id })

  const startedAt = workload.startedAt ?? report.startedAt
  // Asked to stop before it ran: it stays `stopping`.
  const state = workload.state === 'starting' ? 'running' : workload.state
  change(step, workload, { state, startedAt, progress: null })
  if (state === 'running')
    emit(step, {
      type: 'workload.running',
      node: report.node,
      workload: workload.id,
      message: `${workload.name} runs on ${step.state.members.get(report.node)?.name ?? report.node}`,
    })
  return accepted({ workload: workload.id })
}

export function reportEnded(step: Step, report: CommandOf<'report-ended'>): Outcome {
  const workload = claimed(step, report)
  if (workload === null) return refused('PLACEMENT_SUPERSEDED', { placement: report.placement })

  const { endedAt, exitCode, error } = report
  const wasStopping = workload.state === 'stopping'
  if (wasStopping && isOrdinaryStop(error)) end(step, workload, { state: 'stopped', endedAt, exitCode, error: null })
  else end(step, workload, { state: error === null ? 'completed' : 'failed', endedAt, exitCode, error })
  return accepted({ workload: workload.id })
}

/** Most programs exit with a code of their own or with 143 when they are told to stop. */
const isOrdinaryStop = (error: WorkloadError | null): boolean => error === null || error.code === 'NONZERO_EXIT'
