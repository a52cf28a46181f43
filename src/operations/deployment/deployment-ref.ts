/** Which deployment is meant, in all accepted spellings. */
import { z } from 'zod'
import { deploymentNamed } from '../../core/state/deployments.ts'
import type { MeshState } from '../../core/state/types.ts'
import type { Deployment } from '../../model/deployment.ts'
import { ClawError } from '../../model/failure.ts'
import { deploymentId } from '../../model/ids.ts'
import type { OperationContext } from '../context.ts'
import { refresh } from '../find.ts'

const ref = z.string().min(1).max(128).optional()
/** One of them names it. */
const reference = {
  deployment: ref.describe('Name or id of the deployment'),
  deploymentId: ref.describe('The same'),
  name: ref.describe('The same'),
}

export const DeploymentRef = z.strictObject(reference)
type Reference = z.output<typeof DeploymentRef>

/** What it is called; undefined where it is called nothing. */
export const wantedOf = ({ deployment, deploymentId: id, name }: Reference): string | undefined =>
  deployment ?? id ?? name

/** Which namespace it is in. Throws DEPLOYMENT_NOT_FOUND. */
export function ofDeployment(input: Reference, { control }: OperationContext): string {
  return deploymentIn(control.state, input).namespace
}

/** The same with what the leader knows. */
export async function findDeployment(
  input: Reference,
  context: OperationContext,
  signal: AbortSignal,
): Promise<Deployment> {
  if (wantedOf(input) !== undefined) await refresh(context, signal)
  return deploymentIn(context.control.state, input)
}

/** The one of that name or id, or the beginning of an id. Throws DEPLOYMENT_NOT_FOUND. */
function deploymentIn(state: MeshState, input: Reference): Deployment {
  const wanted = wantedOf(input)
  if (wanted === undefined) throw new ClawError('INVALID_REQUEST', { problem: 'no deployment is named' })
  const exact = deploymentNamed(state, wanted) ?? state.deployments.get(deploymentId(wanted))
  const like = wanted.length < 8 ? [] : [...state.deployments.values()].filter(({ id }) => id.startsWith(wanted))
  return known(exact ?? (like.length === 1 ? like[0] : undefined), wanted)
}

/** Throws DEPLOYMENT_NOT_FOUND. */
export function known<T>(found: T | undefined, wanted: string): T {
  if (found === undefined) throw new ClawError('DEPLOYMENT_NOT_FOUND', { deployment: wanted })
  return found
}
