/** What can go wrong with roles, users and API keys. */
import { failure } from './failure-row.ts'

export const accessFailures = {
  ROLE_NOT_FOUND: failure(
    'not-found',
    ({ role }: { role: string }) => `There is no role ${role}.`,
    'List them with `clawbernetes auth role list`.',
  ),
  ROLE_EXISTS: failure(
    'conflict',
    ({ role }: { role: string }) => `There is a role ${role} already.`,
    'Choose another name, or delete that one first with `clawbernetes auth role delete`.',
  ),
  ROLE_IN_USE: failure(
    'conflict',
    ({ role, user, users }: { role: string; user: string; users: number }) =>
      `The role ${role} is still given to ${user}${users > 1 ? ` and ${users - 1} more` : ''}.`,
    'Take it away first with `clawbernetes auth user remove-role`.',
  ),
  USER_NOT_FOUND: failure(
    'not-found',
    ({ user }: { user: string }) => `There is no user ${user}.`,
    'List them with `clawbernetes auth user list`, or make one with `clawbernetes auth user create`.',
  ),
  USER_EXISTS: failure(
    'conflict',
    ({ user }: { user: string }) => `There is a user ${user} already.`,
    'Look at what they may do with `clawbernetes auth user info`.',
  ),
  APIKEYS_FULL: failure(
    'capacity',
    ({ user, limit }: { user: string; limit: number }) =>
      `The user ${user} has ${limit} API keys that are good still, and nobody has more.`,
    'Revoke those that are not needed with `clawbernetes auth apikey revoke`.',
  ),
  APIKEY_NOT_FOUND: failure(
    'not-found',
    ({ key }: { key: string }) => `There is no API key ${key}.`,
    'List them with `clawbernetes auth apikey list`.',
  ),
} as const
