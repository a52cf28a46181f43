/** Carries out what the leader found the next step of a deployment to be: all of it, or nothing when the deployment has changed since. */
import type { Deployment, Revision } from '../../model/deployment.ts'
import { revisionOf } from '../../model/deployment.ts'
import type { DeploymentId, WorkloadId } from '../../model/ids.ts'
import type { Instant, Millis } from '../../model/time.ts'
import { second } from '../../model/time.ts'
import type { Owner, Workload } from '../../model/workload.ts'
import { isTerminal } from '../../model/workload.ts'
import type { SetRollout } from './deployment-commands.ts'
import { changeDeployment, forgetDeployment, note } from './deployment-steps.ts'
import { askToStop, change } from './lifecycle.ts'
import { submissionObstacle } from './namespaces.ts'
import { limits } from './state.ts'
import type { Step } from './step.ts'
import { accepted, refused } from './step.ts'
import type { Outcome } from './types.ts'
import { add } from './workloads.ts'

/** How long nothing is started after something could not be. */
const pauseAfterRefusal: Millis = 10 * second

export function setRollout(step: Step, command: SetRollout): Outcome {
  const { state } = step
  const { deployment: id, gone } = command
  const before = state.deployments.get(id)
  if (before === undefined) return refused('DEPLOYMENT_NOT_FOUND', { deployment: id })
  if (before.step !== command.step)
    return refused('DEPLOYMENT_BUSY', { name: before.name, reason: 'it has changed meanwhile' })
  if (gone === true && before.state === 'deleting') {
    forgetDeployment(step, id)
    return accepted({ deployment: id })
  }

  const startsAfter = command.start === undefined ? before.startsAfter : null
  const deployment = changeDeployment(step, before, { startsAfter, ...fieldsOf(command, before) })
  for (const each of command.keep ?? []) keep(step, id, each)
  for (const each of command.drain ?? []) drain(step, id, each)
  for (const each of command.stop ?? []) stop(step, id, each)
  startAll(step, deployment, command.start ?? [])
  for (const each of command.notes ?? []) note(step, id, each)
  return accepted({ deployment: id })
}

function fieldsOf(command: SetRollout, { revisions }: Deployment): Partial<Deployment> {
  const { state, reason, stable, target, traffic, rollout } = command
  return {
    ...(state !== undefined && { state }),
    ...(reason !== undefined && { reason }),
    ...(stable !== undefined && { stable }),
    ...(target !== undefined && { target }),
    ...(traffic !== undefined && { traffic }),
    ...(rollout !== undefined && { rollout }),
    revisions: revisions.map((revision): Revision => {
      const told = command.revisions?.find(({ number }) => number === revision.number)
      return told === undefined ? revision : { ...revision, state: told.state, reason: told.reason }
    }),
  }
}

/** The first that cannot be started ends it, and says why. */
function startAll(step: Step, deployment: Deployment, starts: NonNullable<SetRollout['start']>): void {
  for (const start of starts) {
    const problem = startOne(step, deployment, start)
    if (problem === null) continue
    changeDeployment(step, deployment, {
      reason: `no replica can be started: ${problem}`,
      startsAfter: step.at + pauseAfterRefusal,
    })
    const message = `${deployment.name} cannot be given a replica: ${problem}`
    if (step.state.deployments.get(deployment.id)?.events.at(-1)?.message !== message)
      note(step, deployment.id, { type: 'deployment.waits', message })
    return
  }
}

function startOne(step: Step, deployment: Deployment, start: NonNullable<SetRollout['start']>[number]): string | null {
  const { state } = step
  const revision = revisionOf(deployment, start.revision)
  if (revision === undefined) return `revision ${start.revision} is not kept any more`
  if (state.workloads.has(start.workload) || state.names.has(start.name)) return `${start.name} is there already`
  if (state.workloads.size >= limits.workloads) return 'the mesh has as many workloads as it can'
  const wanted = { replicas: deployment.replicas, lasting: 'lasting' } as const
  const obstacle = submissionObstacle(state, revision.spec, 1, wanted)
  if (obstacle?.ok === false) return obstacle.failure.message
  const owner: Owner = { deployment: deployment.id, revision: revision.number }
  add({ ...step, by: revision.by }, { id: start.workload, name: start.name, spec: revision.spec, part: null, owner })
  return null
}

const replica = ({ state }: Step, id: DeploymentId, workload: WorkloadId): (Workload & { owner: Owner }) | null => {
  const found = state.workloads.get(workload)
  if (found?.owner?.deployment !== id || isTerminal(found.state)) return null
  return { ...found, owner: found.owner }
}

function drain(step: Step, id: DeploymentId, workload: WorkloadId): void {
  const found = replica(step, id, workload)
  if (found === null || found.owner.drainingSince !== undefined) return
  change(step, found, { owner: { ...found.owner, drainingSince: step.at satisfies Instant } })
}

function keep(step: Step, id: DeploymentId, workload: WorkloadId): void {
  const found = replica(step, id, workload)
  if (found === null || found.stopRequested !== null) return
  const { deployment, revision, readySince } = found.owner
  change(step, found, { owner: { deployment, revision, ...(readySince !== undefined && { readySince }) } })
}

function stop(step: Step, id: DeploymentId, { workload, reason }: NonNullable<SetRollout['stop']>[number]): void {
  const found = replica(step, id, workload)
  if (found === null) return
  askToStop(step, found, { by: step.by, force: false, because: null, reason })
}
