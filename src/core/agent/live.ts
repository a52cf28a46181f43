/** The next steps of a placement that the mesh wants on this node: acquire, claim, start, report, stop. */
import { ClawError } from '../../model/failure.ts'
import type { PlacementId } from '../../model/ids.ts'
import type { Millis } from '../../model/time.ts'
import type { WorkloadError } from '../../model/workload.ts'
import type { TaskState } from '../../ports/executor.ts'
import type { AgentAction, Report } from './action.ts'
import { checkpointSteps, savingSteps } from './checkpoint.ts'
import { healthSteps } from './health-steps.ts'
import { letGoSteps, lettingGo } from './letting-go.ts'
import type { Acquire, Holding } from './device-ledger.ts'
import { admit, whyBusy } from './device-ledger.ts'
import type { AgentSettings, AgentView, Assigned, GangView, StartFailure, Told } from './view.ts'
import { lastingLedger } from './wanted.ts'

export function liveSteps(view: AgentView, workload: Assigned, settings: AgentSettings): readonly AgentAction[] {
  const { placement } = workload
  if (placement.state === 'placed') return placedSteps(view, workload)
  const task = view.tasks.get(placement.id)
  if (task !== undefined) return taskSteps(view, workload, { status: task.status.status, settings })
  // It may run, and nobody here knows yet; or, with an executor that is no longer offered, nobody here can know.
  if (view.executors.get(placement.executor) !== 'ready') return []
  return absentSteps(view, workload, settings)
}

/** The ledger first, then the claim: what was claimed is held. */
function placedSteps(view: AgentView, workload: Assigned): readonly AgentAction[] {
  const { id } = workload.placement
  if (view.tasks.has(id)) return [{ do: 'claim', placement: id }]
  const reason = obstacle(view, workload)
  if (reason !== null) {
    const soon = obstacle({ ...view, ledger: lastingLedger(view) }, workload)
    return soon === null ? [] : [{ do: 'reject', placement: id, reason: soon }]
  }
  return [view.ledger.has(id) ? { do: 'claim', placement: id } : record(id, acquireFor(view, workload))]
}

/** What has to stand in the ledger. A device that is not known has nothing to share. */
function acquireFor({ devices: known }: AgentView, { placement: { id, devices }, spec }: Assigned): Acquire {
  const { share } = spec.gpus
  const of = devices.map((device) => known?.get(device) ?? 0)
  return { type: 'acquire', placement: id, devices, ...(share !== undefined && { share: { memoryMib: share, of } }) }
}

/** Why this node cannot take a placement, null when it can. */
function obstacle(view: AgentView, workload: Assigned): string | null {
  const { id, devices, executor } = workload.placement
  const readiness = view.executors.get(executor)
  if (readiness !== 'ready')
    return `the ${executor} executor ${readiness === undefined ? 'is not offered' : 'does not answer'}`
  for (const device of devices)
    if (view.devices !== null && !view.devices.has(device)) return `device ${device} is missing or has failed`
  const phase = view.ledger.get(id)?.phase
  // What it holds it was given, should the owner of a share have changed their mind since.
  if (phase === 'held' || phase === 'started') return null
  return unshared(view, workload) ?? whyBusy(view.ledger, acquireFor(view, workload))
}

/** Why a share is not given whatever is free; null when it may be, or the devices are taken whole. */
function unshared({ sharing, devices }: AgentView, { spec }: Assigned): string | null {
  if (spec.gpus.share === undefined) return null
  if (!sharing) return 'this node shares no GPUs'
  return devices === null ? 'this node has not looked at its GPUs yet' : null
}

interface Current {
  readonly status: TaskState
  readonly settings: AgentSettings
}

function taskSteps(view: AgentView, workload: Assigned, { status, settings }: Current): readonly AgentAction[] {
  const { id, executor } = workload.placement
  const holding = view.ledger.get(id)
  const opinion = view.opinions.get(id)
  const forsaken = graceOf(workload, view, settings)
  // Whoever asked for its end, or this node's being cut off, comes before what a probe says.
  const unhealthy = forsaken === null ? (opinion?.fatal ?? holding?.unhealthy ?? null) : null
  const grace = unhealthy === null ? forsaken : workload.spec.stopGraceMs
  const isWanted = workload.stopRequested === null && workload.eviction === null
  const before = isWanted || grace === null ? 0 : lettingGo(workload, grace)
  const told = isWanted ? ownReason(unhealthy) : {}
  const stop: AgentAction[] =
    grace === null ? [] : [{ do: 'stop', placement: id, executor, grace: grace - before, ...told }]
  // Beside the stop, which must not wait for a disk.
  if (grace !== null && isWanted && holding !== undefined && !isNoted(holding, unhealthy))
    stop.unshift(record(id, { type: 'cut-off', placement: id, ...(unhealthy !== null && { unhealthy }) }))
  switch (status.state) {
    case 'starting': {
      const isNews = workload.state === 'starting' && status.progress !== workload.progress
      return [...stop, ...(isNews ? [report(id, { type: 'starting', progress: status.progress })] : [])]
    }
    case 'running': {
      const { startedAt } = status
      // Who is cut off has no time to save: the mesh counts on its end.
      const saving = isForsaken(workload, view, settings) ? null : savingSteps(view, workload)
      return [
        ...(holding?.phase === 'held' ? [record(id, { type: 'started', placement: id })] : []),
        ...(workload.startedAt === null ? [report(id, runningOf(status))] : healthSteps(workload, opinion)),
        ...(grace === null
          ? checkpointSteps(view, workload, startedAt)
          : (saving ?? letGoSteps(view, workload, before) ?? stop)),
      ]
    }
    case 'ended':
      return [
        endStep(view, id, {
          ...endOf(status, view.told.get(id) ?? toldBefore(holding, isWanted), view.adopted.has(id)),
          // What was over before it was seen to run has not been heard of yet.
          ...(workload.startedAt === null && status.image !== undefined ? { image: status.image } : {}),
        }),
      ]
  }
}

type End = Omit<Extract<Report, { type: 'ended' }>, 'type'>

/** What an earlier daemon is known to have told it. */
function toldBefore(holding: Holding | undefined, isWanted: boolean): Told | undefined {
  if (holding === undefined || !isWanted) return undefined
  const { unhealthy, isCutOff = false } = holding
  if (isCutOff) return { at: -Infinity, isCutOff }
  return unhealthy === undefined ? undefined : { at: -Infinity, isCutOff, unhealthy }
}

const runningOf = ({
  startedAt,
  image,
  overlayAddress,
}: Extract<TaskState, { state: 'running' }>): Extract<Report, { type: 'running' }> => ({
  ...{ type: 'running', startedAt },
  ...(image !== undefined && { image }),
  ...(overlayAddress !== undefined && { overlayAddress }),
})

function endOf(status: Extract<TaskState, { state: 'ended' }>, told: Told | undefined, isAdopted: boolean): End {
  const { endedAt, exitCode, error } = status
  if (told !== undefined && endedAt >= told.at) return { endedAt, exitCode, error: ownError(told) ?? error }
  // Only a stop that was asked for makes that no error. A clock that was set back meanwhile does not change it.
  const wasStopped = error === null && exitCode !== 0
  return { endedAt, exitCode, error, ...(isAdopted || wasStopped ? {} : { unasked: true }) }
}

/** How long it gets to stop; null when it need not. */
function graceOf(
  { stopRequested, eviction, spec }: Assigned,
  { cutOffFor }: AgentView,
  { lease }: AgentSettings,
): Millis | null {
  if (stopRequested !== null) return stopRequested.force ? 0 : spec.stopGraceMs
  if (eviction !== null) return eviction.grace
  return isForsaken({ spec }, { cutOffFor }, { lease }) ? spec.stopGraceMs : null
}

/** This node has heard of no leader for so long that the mesh may soon place the work again. */
const isForsaken = (
  { spec }: Pick<Assigned, 'spec'>,
  { cutOffFor }: Pick<AgentView, 'cutOffFor'>,
  { lease }: Pick<AgentSettings, 'lease'>,
): boolean => spec.onPartition === 'stop' && cutOffFor >= lease

/** Claimed, and no executor knows of it: it has not started yet, could not start, or is gone. */
function absentSteps(view: AgentView, workload: Assigned, settings: AgentSettings): readonly AgentAction[] {
  const { placement, stopRequested, eviction, startedAt } = workload
  const { id } = placement
  const end = (error: WorkloadError | null): AgentAction =>
    endStep(view, id, { endedAt: view.at, exitCode: null, error })

  const holding = view.ledger.get(id)
  const failure = view.failures.get(id)
  if (startedAt !== null || holding?.phase === 'started') return [end(lost('the node does not find it any more'))]
  if (stopRequested !== null || eviction !== null) return [end(null)]
  // Its start was called off, which looks like a failure of it.
  if (view.told.get(id)?.isCutOff === true) return [end(cutOff)]
  if (failure !== undefined && isFinal(view, placement.executor, failure, settings.startPatience))
    return [end(failure.error)]
  if (holding?.phase === 'over') return [end(lost('the node has let go of it'))]
  // A state of yesterday may still want what has been given to another node since.
  if (!view.fresh || isForsaken(workload, view, settings)) return []
  if (holding?.phase === 'held') {
    if (workload.gang !== null && workload.gang.claimed < workload.gang.size)
      return waitForGang(workload, workload.gang)
    return failure === undefined ? [start(id)] : retrySteps(view, workload, settings)
  }

  // Claimed by a daemon whose ledger is gone. It never ran, so it may be taken up again.
  if (workload.spec.gpus.share !== undefined && view.devices === null) return []
  const refusal = unshared(view, workload)
  if (refusal !== null) return [end(lost(refusal))]
  const acquire = acquireFor(view, workload)
  const admission = admit(view.ledger, acquire)
  return [admission.ok ? record(id, acquire) : end(lost(admission.reason))]
}

/** Nothing of a gang runs before all of it can. */
function waitForGang(
  { placement, state, progress: told }: Assigned,
  { claimed, size }: GangView,
): readonly AgentAction[] {
  const progress = `waiting for its gang: ${claimed} of ${size} are ready`
  return state === 'starting' && progress !== told ? [report(placement.id, { type: 'starting', progress })] : []
}

/** What is given some time when a start fails for want of it; null for any other failure, which is final. */
function awaited({ code }: WorkloadError, kind: string): string | null {
  if (code === 'EXECUTOR_UNAVAILABLE') return `the ${kind} executor`
  if (code === 'SECRETS_UNAVAILABLE') return 'its secrets'
  return code === 'OVERLAY_FAILED' ? 'its network' : null
}

const isFinal = ({ at }: AgentView, kind: string, { error, since }: StartFailure, patience: Millis): boolean =>
  awaited(error, kind) === null || at - since >= patience

function retrySteps(view: AgentView, workload: Assigned, { startRetry }: AgentSettings): readonly AgentAction[] {
  const { placement, state } = workload
  const failure = view.failures.get(placement.id)
  const failedAt = failure?.at ?? view.at
  const missing = failure === undefined ? null : awaited(failure.error, placement.executor)
  const progress = `waiting for ${missing ?? `the ${placement.executor} executor`}`
  const isNews = state === 'starting' && workload.progress !== progress
  return [
    ...(view.at - failedAt >= startRetry ? [start(placement.id)] : []),
    ...(isNews ? [report(placement.id, { type: 'starting', progress })] : []),
  ]
}

/** The devices are free before the mesh hears of the end, so that the next placement finds them free. */
function endStep(view: AgentView, placement: PlacementId, end: End): AgentAction {
  const holding = view.ledger.get(placement)
  if (holding !== undefined && holding.phase !== 'over') return record(placement, { type: 'release', placement })
  return report(placement, { type: 'ended', ...end })
}

const record = (placement: PlacementId, record: Extract<AgentAction, { do: 'record' }>['record']): AgentAction => ({
  do: 'record',
  placement,
  record,
})

const start = (placement: PlacementId): AgentAction => ({ do: 'start', placement })

const report = (placement: PlacementId, report: Report): AgentAction => ({ do: 'report', placement, report })

const lost = (reason: string): WorkloadError => {
  const { code, message } = new ClawError('WORKLOAD_LOST', { reason })
  return { code, message }
}

const ownReason = (unhealthy: string | null): { readonly isCutOff?: true; readonly unhealthy?: string } =>
  unhealthy === null ? { isCutOff: true } : { unhealthy }

const isNoted = ({ isCutOff, unhealthy: noted }: Holding, unhealthy: string | null): boolean =>
  (unhealthy === null ? isCutOff : noted) !== undefined

/** Why it ends when this node ends it by itself; null when it was asked to. */
function ownError({ isCutOff, unhealthy }: Told): WorkloadError | null {
  if (isCutOff) return cutOff
  return unhealthy === undefined ? null : unwell(unhealthy)
}

function unwell(reason: string): WorkloadError {
  const { code, message } = new ClawError('UNHEALTHY', { reason })
  return { code, message }
}

const cutOff = lost('its node was cut off from the mesh and stopped it')
