/** What can go wrong with secrets and config maps. */
import { failure, meant } from './failure-row.ts'

export const secretFailures = {
  SECRET_NOT_FOUND: failure(
    'not-found',
    ({ secret, version, near }: { secret: string; version?: number; near?: string }) =>
      `There is no secret ${secret}${version === undefined ? '' : ` with a version ${version}`}.${meant(near)}`,
    'List them with `clawbernetes secret list`, or make one with `clawbernetes secret create`.',
  ),
  SECRET_EXISTS: failure(
    'conflict',
    ({ secret }: { secret: string }) => `There is a secret ${secret} already.`,
    'Give it a new value with `clawbernetes secret set`, or choose another name.',
  ),
  SECRET_CHANGED: failure(
    'conflict',
    ({ secret }: { secret: string }) => `The secret ${secret} was changed by somebody else at the same moment.`,
    'Look at it with `clawbernetes secret info`, then try again.',
  ),
  SECRET_DENIED: failure(
    'refused',
    ({ secret, workload }: { secret: string; workload: string }) =>
      `The policy of the secret ${secret} does not let ${workload} have it.`,
    'See the policy with `clawbernetes secret info`; it is changed with `clawbernetes secret policy set`.',
  ),
  SECRET_UNREADABLE: failure(
    'refused',
    ({ secret }: { secret: string }) => `The value of ${secret} can no longer be opened by anybody.`,
    'It was sealed for another mesh, or for keys that are lost: give it a new value with `clawbernetes secret set`.',
  ),
  SECRETS_UNAVAILABLE: failure(
    'unavailable',
    ({ detail }: { detail: string }) => `Secrets cannot be used at the moment: ${detail}.`,
    'Try again in some seconds; if it stays so, look at `clawbernetes gateway status`.',
  ),
  CONFIG_NOT_FOUND: failure(
    'not-found',
    ({ config, near }: { config: string; near?: string }) => `There is no config map ${config}.${meant(near)}`,
    'List them with `clawbernetes config list`, or make one with `clawbernetes config create`.',
  ),
  CONFIG_EXISTS: failure(
    'conflict',
    ({ config }: { config: string }) => `There is a config map ${config} already.`,
    'Change it with `clawbernetes config update`, or choose another name.',
  ),
  CONFIG_IMMUTABLE: failure(
    'refused',
    ({ config }: { config: string }) => `The config map ${config} was made so that it cannot be changed.`,
    'Make another one with `clawbernetes config create`, and have the work use that.',
  ),
}
