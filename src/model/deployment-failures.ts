/** What can go wrong with deployments. */
import { failure } from './failure-row.ts'

export const deploymentFailures = {
  DEPLOYMENT_NOT_FOUND: failure(
    'not-found',
    ({ deployment }: { deployment: string }) => `No deployment is called ${deployment}.`,
    'List the deployments with `clawbernetes deploy list`.',
  ),
  DEPLOYMENT_EXISTS: failure(
    'conflict',
    ({ name }: { name: string }) => `There is a deployment ${name} already.`,
    'Change it with `clawbernetes deploy update`, or choose another name.',
  ),
  DEPLOYMENT_CHANGED: failure(
    'conflict',
    ({ name, expected, target }: { name: string; expected: number; target: number }) =>
      `The deployment ${name} is at revision ${target}, not at ${expected}: somebody has changed it meanwhile.`,
    'Look at it with `clawbernetes deploy status`, then say again what you want of it.',
  ),
  DEPLOYMENT_BUSY: failure(
    'conflict',
    ({ name, reason }: { name: string; reason: string }) => `That cannot be done with ${name} now: ${reason}.`,
    'See how far it is with `clawbernetes deploy status`.',
  ),
  ROLLOUT_FAILED: failure(
    'refused',
    ({ name, revision, reason }: { name: string; revision: number; reason: string }) =>
      `Revision ${revision} of ${name} did not come up: ${reason}.`,
    'See its replicas with `clawbernetes deploy status`, and their output with `clawbernetes logs`.',
  ),
  REVISION_NOT_FOUND: failure(
    'not-found',
    ({ name, revision }: { name: string; revision: string }) => `The deployment ${name} has no ${revision}.`,
    'List its revisions with `clawbernetes deploy history`.',
  ),
} as const
