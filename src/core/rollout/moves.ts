/** Which replicas come and which go next, by strategy. The bounds hold in each step, whatever the step before was meant for. */
import type { Deployment, Rollout } from '../../model/deployment.ts'
import type { Replica } from './census.ts'
import { byWorth, canaryCount, countReady, occupied, promised, surgeOf } from './census.ts'
import type { RolloutView } from './types.ts'

export interface Start {
  readonly revision: number
  /** How many are missing. */
  readonly wanted: number
  /** How many of them there is room for. */
  readonly count: number
}

export interface Moves {
  readonly start: readonly Start[]
  readonly remove: readonly Replica[]
}

const none: Moves = { start: [], remove: [] }

/** Nothing is under way: so many of the target, and nothing else. Whoever has to leave a node goes once others have taken over. */
export function settledMoves({ deployment, census }: RolloutView): Moves {
  const { target, replicas } = deployment
  const ours = census.live.filter(({ revision }) => revision === target)
  const others = census.live.filter(({ revision }) => revision !== target)
  const leaving = byWorth(ours.filter(({ isLeaving }) => isLeaving))
  const staying = ours.filter(({ isLeaving }) => !isLeaving)
  const surplus = byWorth(staying).slice(0, Math.max(0, staying.length - replicas))
  const start = started(target, replicas - staying.length, roomOf(deployment, occupied(census)))
  const idle = leaving.filter(({ isAvailable }) => !isAvailable)
  const slack = Math.max(0, countReady(ours) - countReady(surplus) - promised(deployment))
  return { start, remove: [...others, ...surplus, ...idle, ...leaving.slice(idle.length).slice(0, slack)] }
}

/** How a rollout goes on now. */
export function rolloutMoves(view: RolloutView, rollout: Rollout): Moves {
  switch (modeOf(view, rollout)) {
    case 'frozen':
      return frozen(view, rollout)
    case 'side-by-side':
      return sideBySide(view)
    case 'in-batches':
      return takeOver(view, rollout, batchOf(view, rollout))
    case 'all':
      return takeOver(view, rollout, Infinity)
  }
}

type Mode = 'frozen' | 'side-by-side' | 'in-batches' | 'all'

/** Side by side stand a canary, or the second set of blue-green, and what was there before, until it is promoted. */
export function modeOf({ deployment }: Pick<RolloutView, 'deployment'>, { kind, stage, failure }: Rollout): Mode {
  const { stable, target, strategy, paused, replicas } = deployment
  const hasBase = stable !== null && stable !== target && kind === 'update'
  if (paused || (failure !== null && hasBase)) return 'frozen'
  if (!hasBase || replicas === 0 || stage === 'promoted' || strategy.type === 'immediate') return 'all'
  return strategy.type === 'rolling' ? 'in-batches' : 'side-by-side'
}

export interface Sides {
  readonly ours: readonly Replica[]
  readonly ready: number
  /** All others. */
  readonly old: readonly Replica[]
  /** Of the others those that serve, or will; what was replaced before it was ready is not relied upon. */
  readonly base: readonly Replica[]
  readonly room: number
}

export function sidesOf({ deployment, census }: Pick<RolloutView, 'deployment' | 'census'>): Sides {
  const { target, stable, rollout } = deployment
  const ours = census.live.filter(({ revision }) => revision === target)
  const old = census.live.filter(({ revision }) => revision !== target)
  const base = old.filter(
    ({ revision, isAvailable }) => isAvailable || (revision === stable && rollout?.kind !== 'rollback'),
  )
  return { ours, old, base, ready: countReady(ours), room: roomOf(deployment, occupied(census)) }
}

const roomOf = (deployment: Deployment, taken: number): number =>
  Math.max(0, deployment.replicas + surgeOf(deployment) - taken)

const started = (revision: number, wanted: number, room: number): Moves['start'] =>
  wanted > 0 ? [{ revision, wanted, count: Math.max(0, Math.min(wanted, room)) }] : []

/** New ones come up as far as there is room; for each that is ready an old one goes. */
function takeOver(view: RolloutView, rollout: Rollout, atOnce: number): Moves {
  const { deployment } = view
  const { ours, ready, room, base } = sidesOf(view)
  const { target, replicas } = deployment
  const again = missingBase(view, promised(deployment) - base.length - ready)
  const missing = Math.min(replicas - ours.length, atOnce)
  const surplus = byWorth(ours).slice(0, Math.max(0, ours.length - replicas))
  return {
    start: [...started(deployment.stable ?? target, again, room), ...started(target, missing, room - again)],
    remove: [...removable(view, isBaked(view, rollout)), ...surplus],
  }
}

/** A batch is started when the one before is ready, and has been for as long as the gates ask for. */
function batchOf(view: RolloutView, rollout: Rollout): number {
  const { strategy } = view.deployment
  const { ours, ready } = sidesOf(view)
  if (ready < ours.length || (ready > 0 && !isBaked(view, rollout))) return 0
  return strategy.type === 'rolling' ? strategy.batch : Infinity
}

/** What has just got ready must first show how it serves. */
function isBaked({ deployment, at }: RolloutView, { progressAt, kind }: Rollout): boolean {
  const { gates, stable } = deployment
  return gates === null || stable === null || kind === 'rollback' || at - progressAt >= gates.forMs
}

/** Of those that are not of the target: first what serves nobody, then as many as are not needed for what was promised. */
function removable(view: RolloutView, mayServing: boolean): readonly Replica[] {
  const { deployment } = view
  const { old, base, ready } = sidesOf(view)
  const unneeded = old.filter((one) => !base.includes(one))
  const slack = base.length + ready - promised(deployment)
  const idle = byWorth(base.filter((one) => !one.isAvailable)).slice(0, Math.max(0, slack))
  const readySlack = Math.min(countReady(base) + ready - promised(deployment), slack - idle.length)
  const serving = mayServing ? inTurn(base, deployment).slice(0, Math.max(0, readySlack)) : []
  return [...unneeded, ...idle, ...serving]
}

/** What was given up before it was done goes before what was stable. */
const inTurn = (base: readonly Replica[], { stable }: Deployment): readonly Replica[] =>
  base
    .filter((one) => one.isAvailable)
    .toSorted((a, b) => Number(a.revision === stable) - Number(b.revision === stable) || a.submittedAt - b.submittedAt)

/** How many of the stable revision have to be started again because too few are left. */
const missingBase = ({ deployment }: RolloutView, count: number): number => {
  const { stable, target, rollout } = deployment
  return stable !== null && stable !== target && rollout?.kind === 'update' ? Math.max(0, count) : 0
}

/** A canary of so many, or a whole second set, beside what was there. */
function sideBySide(view: RolloutView): Moves {
  const { deployment } = view
  const { target, replicas, stable } = deployment
  const { ours, old, base, ready, room } = sidesOf(view)
  const wanted = canaryCount(deployment)
  const wantedBase = Math.max(0, Math.min(replicas, replicas + surgeOf(deployment) - wanted))
  const again = missingBase(view, wantedBase - base.length)
  // One that is still coming up is the first to go, but not before what it would leave is enough.
  const surplus = byWorth(ours).slice(0, Math.max(0, ours.length - wanted))
  const slack = Math.min(base.length - wantedBase, countReady(base) + ready - promised(deployment))
  const unneeded = old.filter((one) => !base.includes(one))
  const tooMany = [...byWorth(base.filter((one) => !one.isAvailable)), ...inTurn(base, deployment)]
  return {
    start: [...started(stable ?? target, again, room), ...started(target, wanted - ours.length, room - again)],
    remove: [...unneeded, ...surplus, ...tooMany.slice(0, Math.max(0, slack))],
  }
}

/** What has ended is replaced so that what was promised stays; nothing goes on. */
function frozen(view: RolloutView, rollout: Rollout): Moves {
  const { deployment } = view
  const { ours, base, ready, room } = sidesOf(view)
  const { stable, target } = deployment
  if (stable !== null && stable !== target && rollout.kind === 'update') {
    const missing = missingBase(view, promised(deployment) - base.length - ready)
    return { ...none, start: started(stable, missing, room) }
  }
  return { ...none, start: started(target, rollout.ready - ours.length, room) }
}
