/**
 * The next step of a deployment: what it is, what is to be, and the time go in; one command for the leader to make comes out, or null when
 * there is nothing to do. It remembers nothing: whoever leads next goes on where the last one was.
 */
import type { Deployment, Rollout } from '../../model/deployment.ts'
import { revisionOf } from '../../model/deployment.ts'
import { byWorth, canaryCount, countReady, occupied } from './census.ts'
import type { Replica } from './census.ts'
import type { Moves } from './moves.ts'
import { modeOf, rolloutMoves, settledMoves, sidesOf } from './moves.ts'
import { trafficOf } from './traffic.ts'
import type { Decision, RolloutView } from './types.ts'
import type { Verdict } from './verdict.ts'
import { failureOf, howItEnded, inWords, startsAgainAt } from './verdict.ts'

export function decide(view: RolloutView): Decision | null {
  const { deployment } = view
  const { rollout, state, paused } = deployment
  if (state === 'deleting') return deletion(view)
  if (rollout === null) return settled(view)
  const verdict = paused ? null : failureOf(view, rollout)
  return verdict === null ? underWay(view, rollout) : failed(view, rollout, verdict)
}

/** Whoever is on a node that is not there was asked to stop, and will when it is back. */
function deletion({ census }: RolloutView): Decision | null {
  const left = [...census.live, ...census.draining]
  if (left.length > 0) return { stop: left.map(({ id }) => ({ workload: id, reason: 'its deployment was deleted' })) }
  return occupied(census) === 0 ? { gone: true } : null
}

function settled(view: RolloutView): Decision | null {
  const { deployment, census } = view
  const { name, target, replicas, state } = deployment
  const ready = countReady(census.live.filter(({ revision }) => revision === target))
  const now = ready >= replicas ? 'active' : 'degraded'
  const reason = now === 'active' ? null : shortage(view, ready)
  const isNews = now !== state
  const type = `deployment.${now === 'active' ? 'recovered' : 'degraded'}`
  const message = now === 'active' ? `all ${replicas} replicas of ${name} are ready` : `${name}: ${reason ?? ''}`
  const isOther = isNews || (now === 'degraded' && reason !== deployment.reason && deployment.startsAfter === null)
  const stray = census.gone.filter(
    (one) => one.revision !== target && one.workload.stopRequested === null && hasDrained(view, one),
  )
  return whole(
    view,
    { moves: settledMoves(view), rollout: null },
    {
      ...(isOther && { state: now, reason }),
      ...(isNews && { notes: [{ type, message }] }),
      stop: stray.map(({ id }) => ({ workload: id, reason: `revision ${target} has taken its place` })),
    },
  )
}

function shortage({ deployment, census }: RolloutView, ready: number): string {
  const { target, replicas } = deployment
  const last = census.failed
    .filter(({ owner }) => owner?.revision === target)
    .toSorted((a, b) => (a.endedAt ?? 0) - (b.endedAt ?? 0))
    .at(-1)
  const detail = last === undefined ? '' : `; the last that ended was ${last.name}: ${howItEnded(last)}`
  return `${ready} of ${replicas} replicas are ready${detail}`
}

function underWay(view: RolloutView, before: Rollout): Decision | null {
  const { deployment, at } = view
  const { ready } = sidesOf(view)
  const hasMore = ready > before.ready
  const counted: Rollout = hasMore ? { ...before, ready, progressAt: at } : before
  const turn = deployment.paused ? null : nextStage(view, counted)
  const rollout = turn?.rollout ?? counted
  const seen = { ...view, deployment: { ...deployment, rollout } }
  if (isDone(seen, rollout)) return completed(seen, rollout)
  return whole(
    seen,
    { moves: rolloutMoves(seen, rollout), rollout },
    { ...(rollout !== before && { rollout }), ...turn?.fields },
  )
}

interface Turn {
  readonly rollout: Rollout
  readonly fields: Decision
}

/** From one stage to the next when it is time; null when it is not. */
function nextStage(view: RolloutView, rollout: Rollout): Turn | null {
  if (modeOf(view, rollout) !== 'side-by-side') return null
  const { deployment, at } = view
  const { ready } = sidesOf(view)
  const { strategy, target, name, autoPromoteMs, gates } = deployment
  const isThere = ready >= canaryCount(deployment)
  if (!isThere) return null
  const isCanary = strategy.type === 'canary'
  const waits = autoPromoteMs === null ? 'until somebody promotes it' : `for ${inWords(autoPromoteMs)}, then takes over`
  if (rollout.stage === 'starting') {
    const replicas = ready === 1 ? '1 replica' : `${ready} replicas`
    const requests = isCanary ? `${strategy.percent} % of the requests` : 'all requests'
    const share = deployment.service === null ? replicas : requests
    const reason = `revision ${target} has ${share}, and waits ${waits}`
    const stage = isCanary ? 'canary' : 'switched'
    const note = { type: `deployment.${stage}`, message: `${name}: ${reason}` }
    return { rollout: { ...rollout, stage, stageAt: at }, fields: { state: stage, reason, notes: [note] } }
  }
  const waited = at - rollout.stageAt
  if (autoPromoteMs === null || waited < Math.max(autoPromoteMs, gates?.forMs ?? 0)) return null
  const message = `revision ${target} of ${name} was promoted after ${inWords(autoPromoteMs)} without trouble`
  return {
    rollout: { ...rollout, stage: 'promoted', stageAt: at, progressAt: at },
    fields: { state: 'promoting', reason: null, notes: [{ type: 'deployment.promoted', message }] },
  }
}

function isDone(view: RolloutView, rollout: Rollout): boolean {
  const mode = modeOf(view, rollout)
  const { ours, ready, old } = sidesOf(view)
  const { replicas } = view.deployment
  return (mode === 'all' || mode === 'in-batches') && ready >= replicas && ours.length === replicas && old.length === 0
}

function completed(view: RolloutView, rollout: Rollout): Decision | null {
  const { deployment } = view
  const { name, target, stable, replicas } = deployment
  const before = stable === null || stable === target ? undefined : revisionOf(deployment, stable)
  const left = before?.state === 'active' ? [{ number: before.number, state: 'superseded' as const, reason: null }] : []
  const how = rollout.kind === 'rollback' ? 'is back at' : 'has reached'
  return whole(
    view,
    { moves: { start: [], remove: [] }, rollout: null },
    {
      ...{ state: 'active', stable: target, rollout: null, reason: rollout.reason },
      revisions: [...left, { number: target, state: 'active', reason: rollout.reason }],
      notes: [{ type: 'deployment.completed', message: `${name} ${how} revision ${target}, with ${replicas} ready` }],
    },
  )
}

/** Back to the stable revision, where there is one and it may; otherwise it stays as it is, and says why. */
function failed(view: RolloutView, rollout: Rollout, { reason, isUrgent }: Verdict): Decision | null {
  const { deployment, at } = view
  const { name, target, stable, autoRollback } = deployment
  const revisions = [{ number: target, state: 'failed', reason }] as const
  const canReturn = rollout.kind === 'update' && stable !== null && stable !== target
  if (!canReturn || !autoRollback)
    return {
      ...{ state: 'failed', reason, rollout: { ...rollout, failure: reason }, revisions },
      notes: [{ type: 'deployment.failed', message: `revision ${target} of ${name} failed: ${reason}` }],
    }
  const why = `rolled back from revision ${target}: ${reason}`
  return {
    ...{ state: 'rolling-back', target: stable, reason: why, revisions },
    rollout: {
      ...{ kind: 'rollback', reason: why, startedAt: at, stage: 'starting', stageAt: at, ready: 0, progressAt: at },
      ...{ isUrgent, failure: null },
    },
    notes: [{ type: 'deployment.rollback', message: `${name} goes back to revision ${stable}: ${reason}` }],
  }
}

interface Going {
  readonly moves: Moves
  readonly rollout: Rollout | null
}

/** With what comes and goes, and who is given requests then. Null when nothing changes. */
function whole(view: RolloutView, { moves, rollout }: Going, fields: Decision): Decision | null {
  const { deployment, census } = view
  const { service, target } = deployment
  const keep = moves.start.flatMap(({ revision, wanted }) =>
    byWorth(census.draining.filter((one) => one.revision === revision))
      .toReversed()
      .slice(0, wanted),
  )
  const start = moves.start.flatMap(({ revision, wanted, count }) => {
    const kept = keep.filter((one) => one.revision === revision).length
    const left = Math.min(count, wanted - kept)
    return left > 0 && mayStart(view, revision) ? [{ revision, count: left }] : []
  })
  const drain = moves.remove.filter((one) => one.isReady && service !== null)
  const over = census.draining.filter((one) => !keep.includes(one) && hasDrained(view, one))
  const stop = [...moves.remove.filter((one) => !drain.includes(one)), ...over].map(({ id, revision }) => ({
    workload: id,
    reason: revision === target ? 'fewer replicas are wanted' : `revision ${target} takes its place`,
  }))
  // Who is called back takes requests again from now on.
  const live = [...census.live, ...keep].filter((one) => !moves.remove.includes(one))
  return told(deployment, {
    ...fields,
    traffic: trafficOf({ deployment, census: { ...census, live } }, rollout),
    ...(start.length > 0 && { start }),
    ...(keep.length > 0 && { keep: keep.map(({ id }) => id) }),
    ...(drain.length > 0 && { drain: drain.map(({ id }) => id) }),
    stop: [...(fields.stop ?? []), ...stop],
  })
}

/** Told so long ago to take no more requests that everybody knows; also who never was told. */
const hasDrained = ({ at, settings }: RolloutView, { drainingSince }: Replica): boolean =>
  drainingSince === null || at - drainingSince >= settings.drain

const mayStart = (view: RolloutView, revision: number): boolean =>
  view.at >= Math.max(view.deployment.startsAfter ?? 0, startsAgainAt(view, revision))

/** Only what is not so already. */
function told(deployment: Deployment, { traffic, stop, ...rest }: Decision): Decision | null {
  const isShifted = traffic !== undefined && JSON.stringify(traffic) !== JSON.stringify(deployment.traffic)
  const decision = {
    ...rest,
    ...(isShifted && { traffic }),
    ...(stop !== undefined && stop.length > 0 && { stop }),
  }
  return Object.keys(decision).length === 0 ? null : decision
}
