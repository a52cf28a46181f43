/** Every change of a deployment goes through here. */
import type { Deployment, DeploymentNote, Revision } from '../../model/deployment.ts'
import type { DeploymentId } from '../../model/ids.ts'
import { limits } from './state.ts'
import type { Step } from './step.ts'
import { emit } from './step.ts'

/** Replaces parts of a deployment. What was decided on it before counts no more. */
export function changeDeployment(
  { state, at, changes }: Step,
  before: Deployment,
  parts: Partial<Deployment>,
): Deployment {
  // Notes may have been added since.
  const events = state.deployments.get(before.id)?.events ?? before.events
  const after: Deployment = { ...before, events, ...parts, step: before.step + 1, updatedAt: at }
  state.deployments.set(after.id, after)
  changes.push({ type: 'deployment', deployment: after.id })
  return after
}

export function forgetDeployment(step: Step, id: DeploymentId): void {
  const { state, changes } = step
  const deployment = state.deployments.get(id)
  state.deployments.delete(id)
  changes.push({ type: 'deployment', deployment: id })
  if (deployment === undefined) return
  const { name, namespace } = deployment
  emit(step, { type: 'deployment.deleted', namespace, message: `${name} is gone` })
}

/** Tells those who watch, and keeps it with the deployment. */
export function note(step: Step, id: DeploymentId, { type, message }: Omit<DeploymentNote, 'at'>): void {
  const { state, at } = step
  const deployment = state.deployments.get(id)
  if (deployment === undefined) return
  const events = [...deployment.events, { at, type, message }].slice(-limits.notes)
  state.deployments.set(id, { ...deployment, events })
  emit(step, { type, namespace: deployment.namespace, message })
}

/** With the new one, and without the oldest that nothing needs when there are too many. */
export function keptRevisions(deployment: Deployment, revision: Revision): readonly Revision[] {
  const { revisions, stable, target, traffic } = deployment
  const all = [...revisions, revision]
  const needed = new Set([stable, target, revision.number, ...traffic.map((share) => share.revision)])
  const spare = all.filter(({ number }) => !needed.has(number)).slice(0, Math.max(0, all.length - limits.revisions))
  return all.filter((one) => !spare.includes(one)).slice(-limits.revisions)
}
