/** `stop` with the name of a deployment: it stays, with no replicas, until `scale` gives it some again. */
import { ClawError } from '../../../model/failure.ts'
import type { Api } from '../peer/api.ts'
import type { Session } from '../line/command.ts'
import { followed, oneLine } from './deploy-follow.ts'

interface Asked {
  readonly name: string
  readonly reason: string | undefined
  readonly isDetached: boolean
}

/** Throws `unknown`, which says that no workload is called so, where no deployment is either. */
export async function stopDeployment(
  { name, reason, isDetached }: Asked,
  unknown: ClawError,
  api: Api,
  session: Session,
): Promise<void> {
  const { out, signal } = session
  const request = { deployment: name, replicas: 0, ...(reason !== undefined && { reason }) }
  const made = await api.call('deploy.scale', request, signal).catch((error: unknown) => {
    throw ClawError.is(error, 'DEPLOYMENT_NOT_FOUND') ? unknown : error
  })
  const last = isDetached ? null : await followed(made.deploymentId, api, session)
  await out.result(last ?? made, (view) => [oneLine(view)])
}
