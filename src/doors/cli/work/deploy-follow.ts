/** Following a deployment until nothing is under way, and how it reads. */
import { ClawError } from '../../../model/failure.ts'
import type { OutputOf } from '../../../operations/registry.ts'
import type { Api } from '../peer/api.ts'
import type { Session } from '../line/command.ts'
import { notedChanges } from './noted-changes.ts'
import { facts, orDash } from '../show/words.ts'

export type Status = OutputOf<'deploy.status'>
type View = OutputOf<'deploy.list'>[number]

/** `web: canary, revision 2, 3 of 3 ready`. */
export function progressOf({ name, state, revision, rollout, healthyReplicas, replicas, reason }: Status): string {
  const of = rollout === null ? healthyReplicas : rollout.readyReplicas
  return `${name}: ${state}, revision ${revision}, ${of} of ${replicas} ready${reason === null ? '' : `: ${reason}`}`
}

/** Tells how it gets on, and gives the status at which nothing is under way any more; null when it is gone. */
export async function followed(name: string, api: Api, session: Session): Promise<Status | null> {
  const statuses = api.stream('deploy.wait', { deployment: name }, session.signal)
  const last = await notedChanges(statuses, progressOf, session)
  return last?.state === 'deleting' ? null : last
}

/** Throws ROLLOUT_FAILED when it is not where it was to be. */
export function expectReached(status: Status | null, revision: number): void {
  if (status === null || (status.revision === revision && !['failed', 'degraded'].includes(status.state))) return
  throw new ClawError('ROLLOUT_FAILED', {
    ...{ name: status.name, revision },
    reason: status.reason ?? `it is at revision ${status.revision}`,
  })
}

export const oneLine = ({ name, deploymentId, state, revision, healthyReplicas, replicas }: View): string =>
  `${name} (${deploymentId}) ${state}, revision ${revision}, ${healthyReplicas} of ${replicas} ready`

/** All of a status, for people. */
export function statusLines(status: Status): readonly string[] {
  const { traffic, service, rollout } = status
  const shares = traffic.map(({ revision, percent }) => `${percent} % to revision ${revision}`).join(', ')
  return [
    ...facts([
      ['Id', status.deploymentId],
      ['Name', status.name],
      ['State', status.state],
      ...(status.reason === null ? [] : [['Reason', status.reason] as const]),
      ['Image', status.image],
      ['Revision', `${status.revision}, last fully there ${orDash(status.stableRevision)}`],
      ['Strategy', status.strategy],
      [
        'Replicas',
        `${status.healthyReplicas} of ${status.replicas} healthy (${Math.round(status.healthRatio * 100)} %)`,
      ],
      ...(rollout === null
        ? []
        : [
            [
              'Rollout',
              `${rollout.kind}, ${rollout.stage}, ${rollout.readyReplicas} of the new revision ready`,
            ] as const,
          ]),
      ...(service === null ? [] : [['Service', `port ${service.port} to ${service.targetPort}`] as const]),
      ...(shares === '' ? [] : [['Requests', shares] as const]),
      ['Created', status.createdAt],
      ['Updated', status.updatedAt],
    ]),
    '',
    ...status.replicasByName.map(
      (one) =>
        `  ${one.name}  ${one.state}${one.ready ? ', ready' : ''}${one.draining ? ', draining' : ''}  ${orDash(one.node)}${one.reason === null ? '' : `  ${one.reason}`}`,
    ),
  ]
}
