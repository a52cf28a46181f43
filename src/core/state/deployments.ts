/** What users do with deployments. They say what is to be; the leader makes it so, one `set-rollout` after the other. */
import type { Deployment, Revision, Rollout } from '../../model/deployment.ts'
import { revisionOf, strategyText } from '../../model/deployment.ts'
import type { DeploymentId } from '../../model/ids.ts'
import type { WorkloadSpec } from '../../model/workload.ts'
import { isTerminal } from '../../model/workload.ts'
import type { DeploymentCommand } from './deployment-commands.ts'
import { setRollout } from './rollouts.ts'
import { askToStop } from './lifecycle.ts'
import { completed, workObstacle } from './namespaces.ts'
import { recordExceptions } from './policies.ts'
import { replicasOf } from './replicas.ts'
import { serviceObstacle, settingsObstacle, specObstacle } from './deployment-rules.ts'
import { changeDeployment, forgetDeployment, keptRevisions, note } from './deployment-steps.ts'
import { limits } from './state.ts'
import type { Step } from './step.ts'
import { accepted, refused } from './step.ts'
import type { Command, CommandOf, MeshState, Outcome } from './types.ts'

export const isOnDeployment = (command: Command): command is DeploymentCommand =>
  command.type === 'set-rollout' || command.type.endsWith('-deployment')

export function carryOutOnDeployment(step: Step, command: DeploymentCommand): Outcome {
  switch (command.type) {
    case 'create-deployment':
      return createDeployment(step, command)
    case 'update-deployment':
      return updateDeployment(step, command)
    case 'pause-deployment':
      return pauseDeployment(step, command)
    case 'resume-deployment':
      return resumeDeployment(step, command)
    case 'promote-deployment':
      return promoteDeployment(step, command)
    case 'rollback-deployment':
      return rollbackDeployment(step, command)
    case 'delete-deployment':
      return deleteDeployment(step, command)
    case 'set-rollout':
      return setRollout(step, command)
  }
}

/** The one of that name; undefined when there is none. */
export const deploymentNamed = (
  { deployments }: Pick<MeshState, 'deployments'>,
  name: string,
): Deployment | undefined => [...deployments.values()].find((deployment) => deployment.name === name)

function createDeployment(step: Step, command: CommandOf<'create-deployment'>): Outcome {
  const { state, at, by, changes } = step
  const { deployment: id, name, replicas, settings } = command
  const spec = completed(state, command.spec, 'lasting')
  const known = state.deployments.get(id)
  if (known !== undefined)
    return known.name === name && known.createdBy === by
      ? accepted({ deployment: id })
      : refused('INVALID_REQUEST', { problem: `the id ${id} belongs to another deployment` })
  if (deploymentNamed(state, name) !== undefined) return refused('DEPLOYMENT_EXISTS', { name })
  if (state.deployments.size >= limits.deployments) return refused('RATE_LIMITED', { who: by })
  const obstacle =
    workObstacle(state, spec, { replicas, lasting: 'lasting' }) ??
    specObstacle(spec) ??
    settingsObstacle(settings) ??
    serviceObstacle(state, { id, spec, service: settings.service })
  if (obstacle !== null) return obstacle
  const deployment: Deployment = {
    ...settings,
    ...{ id, name, replicas, namespace: spec.namespace },
    revisions: [{ number: 1, spec, at, by, state: 'rolling-out', reason: null }],
    stable: null,
    target: 1,
    state: 'deploying',
    reason: null,
    traffic: [],
    paused: false,
    rollout: newRollout('update', at),
    startsAfter: null,
    step: 0,
    createdAt: at,
    createdBy: by,
    updatedAt: at,
    events: [],
  }
  state.deployments.set(id, deployment)
  changes.push({ type: 'deployment', deployment: id })
  const what = `${inReplicas(replicas)} of ${spec.image}, ${strategyText(settings.strategy)}`
  note(step, id, { type: 'deployment.created', message: `${name} was created by ${by}: ${what}` })
  recordExceptions(step, { kind: 'deployment', name, workload: null, spec, replicas })
  return accepted({ deployment: id })
}

function updateDeployment(step: Step, command: CommandOf<'update-deployment'>): Outcome {
  const { state, by } = step
  const { replicas, settings = {}, reason } = command
  const spec = command.spec === undefined ? undefined : completed(state, command.spec, 'lasting')
  const found = changeable(step, command)
  if ('refusal' in found) return found.refusal
  const { deployment } = found
  const { id, name, target } = deployment
  const isNew = spec !== undefined && !isSame(spec, revisionOf(deployment, target)?.spec)
  const isMore = replicas !== undefined && replicas > deployment.replicas
  const wanted = {
    spec: spec ?? revisionOf(deployment, target)?.spec,
    service: settings.service === undefined ? deployment.service : settings.service,
  }
  const obstacle =
    settingsObstacle({ ...deployment, ...settings }) ??
    (isNew ? revisionObstacle(deployment, spec) : null) ??
    (isNew || isMore
      ? permitted(step, { ...deployment, ...(replicas !== undefined && { replicas }) }, wanted.spec)
      : null) ??
    (isNew || settings.service !== undefined ? serviceObstacle(state, { id, ...wanted }) : null)
  if (obstacle !== null) return obstacle

  const isScaled = replicas !== undefined && replicas !== deployment.replicas
  const changed = changeDeployment(step, deployment, { ...settings, ...(isScaled && { replicas, startsAfter: null }) })
  const why = because(reason)
  if (isScaled)
    note(step, id, {
      type: 'deployment.scaled',
      message: `${name} is to have ${inReplicas(replicas)} instead of ${deployment.replicas}, says ${by}${why}`,
    })
  if (isNew) revise(step, changed, spec, why)
  if (isNew) recordExceptions(step, { kind: 'deployment', name, workload: null, spec, replicas: changed.replicas })
  return accepted({ deployment: id })
}

/** Whether so many replicas of it may be. */
const permitted = ({ state }: Step, { replicas }: Pick<Deployment, 'replicas'>, spec: WorkloadSpec | undefined) =>
  spec === undefined ? null : workObstacle(state, spec, { replicas, lasting: 'lasting' })

/** What ran before the rollout that is under way comes back with its own number, so that its replicas stay. */
function revise(step: Step, deployment: Deployment, spec: WorkloadSpec, why: string): void {
  const { at, by } = step
  const { id, name, stable, revisions } = deployment
  const before = stable === null ? undefined : revisionOf(deployment, stable)
  const number = isSame(spec, before?.spec) && before !== undefined ? before.number : lastNumber(revisions) + 1
  const revision: Revision = { number, spec, at, by, state: 'rolling-out', reason: null }
  const withNew =
    number === before?.number
      ? deployment
      : changeDeployment(step, deployment, { revisions: keptRevisions(deployment, revision) })
  const left = { state: 'superseded', reason: `revision ${number} came before it was done` } as const
  retarget(step, withNew, { number, rollout: newRollout('update', at), left })
  note(step, id, {
    type: 'deployment.updated',
    message: `${name} is to run ${spec.image} as revision ${number}, says ${by}${why}`,
  })
}

const lastNumber = (revisions: readonly Revision[]): number => Math.max(...revisions.map(({ number }) => number))

function pauseDeployment(step: Step, { deployment: id, reason }: CommandOf<'pause-deployment'>): Outcome {
  const found = changeable(step, { deployment: id })
  if ('refusal' in found) return found.refusal
  const { deployment } = found
  if (deployment.paused) return accepted({ deployment: id })
  changeDeployment(step, deployment, { paused: true })
  note(step, id, {
    type: 'deployment.paused',
    message: `${deployment.name} was paused by ${step.by}${because(reason)}`,
  })
  return accepted({ deployment: id })
}

function resumeDeployment(step: Step, { deployment: id, reason }: CommandOf<'resume-deployment'>): Outcome {
  const found = changeable(step, { deployment: id })
  if ('refusal' in found) return found.refusal
  const { deployment } = found
  if (!deployment.paused) return accepted({ deployment: id })
  const { rollout } = deployment
  changeDeployment(step, deployment, {
    paused: false,
    rollout: rollout === null ? null : { ...rollout, progressAt: step.at },
  })
  note(step, id, {
    type: 'deployment.resumed',
    message: `${deployment.name} was resumed by ${step.by}${because(reason)}`,
  })
  return accepted({ deployment: id })
}

function promoteDeployment(step: Step, command: CommandOf<'promote-deployment'>): Outcome {
  const { at, by } = step
  const found = changeable(step, command)
  if ('refusal' in found) return found.refusal
  const { deployment } = found
  const { id, name, rollout, target } = deployment
  const { force, reason } = command
  if (rollout === null || (rollout.stage === 'promoted' && rollout.failure === null)) {
    if (deployment.paused) changeDeployment(step, deployment, { paused: false })
    return accepted({ deployment: id })
  }
  const obstacle = rollout.failure ?? (rollout.stage === 'starting' ? `revision ${target} is not there yet` : null)
  if (obstacle !== null && !force) return refused('DEPLOYMENT_BUSY', { name, reason: obstacle })
  // What failed until now was seen by whoever forces it: it is counted from here on.
  const since = { startedAt: at, stageAt: at, progressAt: at }
  const promoted: Rollout = { ...rollout, ...since, stage: 'promoted', failure: null }
  const revisions = deployment.revisions.map((one): Revision =>
    one.number === target ? { ...one, state: 'rolling-out', reason: null } : one,
  )
  changeDeployment(step, deployment, { paused: false, state: 'promoting', reason: null, rollout: promoted, revisions })
  note(step, id, {
    type: 'deployment.promoted',
    message: `revision ${target} of ${name} was promoted by ${by}${because(reason)}`,
  })
  return accepted({ deployment: id })
}

function rollbackDeployment(step: Step, command: CommandOf<'rollback-deployment'>): Outcome {
  const { at, by } = step
  const found = changeable(step, command)
  if ('refusal' in found) return found.refusal
  const { deployment } = found
  const { id, name, target, rollout } = deployment
  const number = command.revision ?? placeToGoBack(deployment)
  const wanted = number === null ? undefined : revisionOf(deployment, number)
  if (number === null || wanted === undefined)
    return refused('REVISION_NOT_FOUND', {
      name,
      revision: number === null ? 'earlier revision' : `revision ${number}`,
    })
  if (number === target && (rollout === null || rollout.kind === 'rollback' || command.revision !== undefined))
    return accepted({ deployment: id })
  const obstacle =
    permitted(step, deployment, wanted.spec) ??
    serviceObstacle(step.state, { id, spec: wanted.spec, service: deployment.service })
  if (obstacle !== null) return obstacle
  const why = `rolled back by ${by}${because(command.reason)}`
  const next = { ...newRollout('rollback', at), reason: why }
  retarget(step, deployment, { number, rollout: next, left: { state: 'rolled-back', reason: why } })
  note(step, id, {
    type: 'deployment.rollback',
    message: `${name} goes back from revision ${target} to ${number}: ${why}`,
  })
  return accepted({ deployment: id })
}

/** From what is under way to the stable one; from there to the last that was so before. Null when there is none. */
export function placeToGoBack({ stable, target, rollout, revisions }: Deployment): number | null {
  if (stable !== null && (stable !== target || rollout !== null)) return stable
  const before = revisions.filter(({ number, state }) => state === 'superseded' && number !== target)
  return before.toSorted((a, b) => a.number - b.number).findLast(({ number }) => number < target)?.number ?? null
}

/** Its replicas are stopped at once; it is forgotten when they have ended. */
function deleteDeployment(step: Step, { deployment: id, reason }: CommandOf<'delete-deployment'>): Outcome {
  const { state, by } = step
  const deployment = state.deployments.get(id)
  if (deployment === undefined) return refused('DEPLOYMENT_NOT_FOUND', { deployment: id })
  if (deployment.state === 'deleting') return accepted({ deployment: id })
  const { name } = deployment
  const why = `${name} was deleted by ${by}${because(reason)}`
  changeDeployment(step, deployment, { state: 'deleting', reason: why, rollout: null, traffic: [], paused: false })
  note(step, id, { type: 'deployment.deleting', message: why })
  for (const replica of replicasOf(state, id).filter((one) => !isTerminal(one.state)))
    askToStop(step, replica, { by, force: false, because: null, reason: why.slice(0, 256) })
  if (replicasOf(state, id).every((one) => isTerminal(one.state))) forgetDeployment(step, id)
  return accepted({ deployment: id })
}

interface Turn {
  readonly number: number
  readonly rollout: Rollout
  /** What the revision becomes that was the target until now. */
  readonly left: Pick<Revision, 'state' | 'reason'>
}

function retarget(step: Step, deployment: Deployment, { number, rollout, left }: Turn): void {
  const { target, stable } = deployment
  const revisions = deployment.revisions.map((revision): Revision => {
    if (revision.number === number) return { ...revision, state: 'rolling-out', reason: null }
    const isLeft = revision.number === target && (target !== stable || left.state === 'rolled-back')
    return isLeft ? { ...revision, ...ended(revision, left) } : revision
  })
  const isBack = rollout.kind === 'rollback'
  changeDeployment(step, deployment, {
    ...{ revisions, target: number, rollout, paused: false, startsAfter: null },
    state: isBack ? 'rolling-back' : 'deploying',
    reason: isBack ? rollout.reason : null,
  })
}

/** What failed has failed, whatever comes after; what was never there was not superseded either. */
const ended = ({ state, reason }: Revision, left: Turn['left']): Turn['left'] => {
  if (state === 'failed') return { state, reason }
  return left.state === 'superseded' ? { ...left, state: 'rolled-back' } : left
}

const newRollout = (kind: Rollout['kind'], at: number): Rollout => ({
  ...{ kind, reason: null, startedAt: at, stage: 'starting', stageAt: at, ready: 0, progressAt: at },
  ...{ isUrgent: false, failure: null },
})

type Found = { readonly deployment: Deployment } | { readonly refusal: Outcome }

/** The deployment, if it may be changed, and is at the revision that whoever asks has seen. */
function changeable(
  { state }: Step,
  { deployment: id, expected }: { readonly deployment: DeploymentId; readonly expected?: number | undefined },
): Found {
  const deployment = state.deployments.get(id)
  if (deployment === undefined) return { refusal: refused('DEPLOYMENT_NOT_FOUND', { deployment: id }) }
  const { name, target } = deployment
  if (deployment.state === 'deleting')
    return { refusal: refused('DEPLOYMENT_BUSY', { name, reason: 'it is being deleted' }) }
  if (expected !== undefined && expected !== target)
    return { refusal: refused('DEPLOYMENT_CHANGED', { name, expected, target }) }
  return { deployment }
}

function revisionObstacle({ name, namespace, paused }: Deployment, spec: WorkloadSpec): Outcome | null {
  if (paused) return refused('DEPLOYMENT_BUSY', { name, reason: 'it is paused' })
  if (spec.namespace !== namespace)
    return refused('INVALID_REQUEST', { problem: `${name} belongs to the namespace ${namespace}` })
  return specObstacle(spec)
}

/** Both come from the same schema, so their keys stand in the same order. */
const isSame = (spec: WorkloadSpec, other: WorkloadSpec | undefined): boolean =>
  JSON.stringify(spec) === JSON.stringify(other)

const because = (reason: string | undefined): string => (reason === undefined ? '' : `: ${reason}`)
const inReplicas = (count: number): string => (count === 1 ? '1 replica' : `${count} replicas`)
