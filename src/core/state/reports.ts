/** What a node says about work that it has claimed. Whatever comes late, or from another node, counts for nothing. */
import type { Instant } from '../../model/time.ts'
import type { Workload } from '../../model/workload.ts'
import { isReady } from '../../model/workload.ts'
import { mayGive } from '../overlay/addresses.ts'
import { isGang } from './groups.ts'
import { change, end, endAsAsked } from './lifecycle.ts'
import { goBack, retryOf, withoutHealth } from './moves.ts'
import type { CurrentPlacement } from './placements.ts'
import { currentPlacement } from './placements.ts'
import type { Step } from './step.ts'
import { accepted, emit, refused } from './step.ts'
import type { CommandOf, Outcome } from './types.ts'

type Report = CommandOf<'report-starting' | 'report-running' | 'report-checkpoint' | 'report-health' | 'report-ended'>

export function report(step: Step, command: Report): Outcome {
  switch (command.type) {
    case 'report-starting':
      return reportStarting(step, command)
    case 'report-running':
      return reportRunning(step, command)
    case 'report-checkpoint':
      return reportCheckpoint(step, command)
    case 'report-health':
      return reportHealth(step, command)
    case 'report-ended':
      return reportEnded(step, command)
  }
}

function claimed({ state }: Step, { placement, node }: Report): CurrentPlacement | null {
  const workload = currentPlacement(state, placement, node)
  return workload?.placement.state === 'claimed' ? workload : null
}

function reportStarting(step: Step, report: CommandOf<'report-starting'>): Outcome {
  const workload = claimed(step, report)
  if (workload === null) return refused('PLACEMENT_SUPERSEDED', { placement: report.placement })
  if (workload.state === 'starting') change(step, workload, { progress: report.progress })
  return accepted({ workload: workload.id })
}

function reportRunning(step: Step, report: CommandOf<'report-running'>): Outcome {
  const workload = claimed(step, report)
  if (workload === null) return refused('PLACEMENT_SUPERSEDED', { placement: report.placement })
  if (workload.state === 'running') return accepted({ workload: workload.id })

  const startedAt = workload.startedAt ?? report.startedAt
  // Asked to stop before it ran: it stays `stopping`.
  const state = workload.state === 'starting' ? 'running' : workload.state
  const { image, overlayAddress } = report
  const isOwn = overlayAddress !== undefined && mayGive(step.state.overlay, report.node, overlayAddress)
  const parts: Partial<Workload> = {
    ...{ state, startedAt, progress: null },
    ...(image !== undefined && { ran: image }),
    ...(isOwn && { overlayAddress }),
  }
  change(step, workload, { ...parts, ...readiness(workload, parts, step.at) })
  if (state === 'running')
    emit(step, {
      type: 'workload.running',
      node: report.node,
      workload: workload.id,
      message: `${workload.name} runs on ${step.state.members.get(report.node)?.name ?? report.node}`,
    })
  if (state === 'running' && image?.root === true) warnOfRoot(step, workload)
  return accepted({ workload: workload.id })
}

/** Once for an image, as long as that is remembered. */
function warnOfRoot(step: Step, { id, spec }: Workload): void {
  const message = `containers of ${spec.image} run as root: name another user in the image, or with --user`
  if (step.state.events.some((one) => one.type === 'workload.root' && one.message === message)) return
  emit(step, { type: 'workload.root', workload: id, message })
}

/** Only what runs has saved something. Of two reports the later moment counts, whichever comes first. */
function reportCheckpoint(step: Step, report: CommandOf<'report-checkpoint'>): Outcome {
  const workload = claimed(step, report)
  if (workload === null) return refused('PLACEMENT_SUPERSEDED', { placement: report.placement })
  const isNews = report.at > (workload.lastCheckpoint ?? -1)
  if (workload.state === 'running' && isNews) change(step, workload, { lastCheckpoint: report.at })
  return accepted({ workload: workload.id })
}

/** Of two reports the later moment counts, whichever comes first. */
function reportHealth(step: Step, report: CommandOf<'report-health'>): Outcome {
  const { ready, reason, at } = report
  const workload = claimed(step, report)
  if (workload === null) return refused('PLACEMENT_SUPERSEDED', { placement: report.placement })
  const value = accepted({ workload: workload.id })
  if (workload.state !== 'running' || at <= (workload.readySince ?? -1)) return value
  const before = workload.ready
  const parts = { ready, readySince: at, ...(reason !== null && { unreadyReason: reason }) }
  change(step, withoutHealth(workload), { ...parts, ...readiness(workload, parts, step.at) })
  if (before !== ready)
    emit(step, {
      type: ready ? 'workload.ready' : 'workload.unready',
      node: report.node,
      workload: workload.id,
      message: ready ? `${workload.name} is ready` : `${workload.name} is not ready: ${reason ?? 'its probe fails'}`,
    })
  return value
}

/** A replica keeps when it got ready by the leader's clock: those of the nodes may differ from it. */
function readiness(before: Workload, parts: Partial<Workload>, at: Instant): Pick<Workload, 'owner'> {
  const { owner } = before
  const hasTurned = !isReady(before) && isReady({ ...before, ...parts })
  return owner !== undefined && hasTurned ? { owner: { ...owner, readySince: at } } : {}
}

function reportEnded(step: Step, report: CommandOf<'report-ended'>): Outcome {
  const workload = claimed(step, report)
  if (workload === null) return refused('PLACEMENT_SUPERSEDED', { placement: report.placement })

  const { image, result } = report
  const { placement } = workload
  const said = {
    ...(image !== undefined && { ran: image }),
    ...(result !== undefined && workload.run !== undefined && { result }),
  }
  settle(step, Object.keys(said).length === 0 ? workload : { ...change(step, workload, said), placement }, report)
  return accepted({ workload: workload.id })
}

/** An end that somebody asked for is an end. One that makes room is not, nor one that is to be tried again. */
function settle(step: Step, workload: CurrentPlacement, report: CommandOf<'report-ended'>): void {
  const { endedAt, exitCode, error } = report
  const ending = { endedAt, exitCode, error }
  if (workload.stopRequested !== null) return endAsAsked(step, workload, ending)
  const { eviction } = workload
  // Whoever is told to go may well end with 0; only what was done before is done. But a gang that is to go on has to do so as a whole.
  const isDone = report.unasked === true && error === null && !isGang(workload)
  if (eviction !== null && !isDone) return goBack(step, workload, { ...ending, reason: `evicted: ${eviction.reason}` })
  if (error?.code === 'WORKLOAD_LOST' && mayMove(workload))
    return goBack(step, workload, { ...ending, reason: error.message })
  const retry = retryOf(workload, ending, step.at)
  if (retry === null) {
    end(step, workload, { ...ending, state: error === null ? 'completed' : 'failed' })
    return
  }
  const retried = { ...change(step, workload, { retries: retry.number }), placement: workload.placement }
  goBack(step, retried, { ...ending, reason: retry.reason }, retry.notBefore)
  emit(step, {
    type: 'workload.retried',
    node: report.node,
    workload: workload.id,
    message: `${workload.name} ended${error === null ? '' : `: ${error.message}`}; ${retry.reason}`,
  })
}

/** Work that its node stopped because it was cut off, as it was asked to, goes on elsewhere. */
const mayMove = ({ spec }: Workload): boolean => spec.onPartition === 'stop' || spec.onPartition === 'replace'
