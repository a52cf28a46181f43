/** The commands on who may do what, as rows of the registry. */
import type { Row } from './row.ts'

export const authRows: readonly Row[] = [
  {
    path: 'auth login',
    about: 'Keep the token that lets you into the mesh of a context, once it has.',
    load: () => import('../commands/auth/login.ts'),
  },
  {
    path: 'auth logout',
    about: 'Forget the token of a context.',
    load: () => import('../commands/auth/logout.ts'),
  },
  {
    path: 'auth status',
    about: 'Show how you get into each context, and who you are there.',
    load: () => import('../commands/auth/status.ts'),
  },
  {
    path: 'auth whoami',
    about: 'Show who you are to the mesh, and what roles you have.',
    load: () => import('../commands/auth/whoami.ts'),
  },
  {
    path: 'auth can-i',
    about: 'Say whether you may do something; with --list, all that you may.',
    load: () => import('../commands/auth/can-i.ts'),
  },
  {
    path: 'auth role create',
    about: 'Make a role out of rules.',
    load: () => import('../commands/auth/role/create.ts'),
  },
  {
    path: 'auth role list',
    about: 'List the roles.',
    load: () => import('../commands/auth/role/list.ts'),
  },
  {
    path: 'auth role info',
    about: 'Show one role and its rules.',
    load: () => import('../commands/auth/role/info.ts'),
  },
  {
    path: 'auth role delete',
    about: 'Take a role away that nobody has any more.',
    load: () => import('../commands/auth/role/delete.ts'),
  },
  {
    path: 'auth user create',
    about: 'Make a user, with a role or without.',
    load: () => import('../commands/auth/user/create.ts'),
  },
  {
    path: 'auth user list',
    about: 'List the users, and operators without a user, who may do everything.',
    load: () => import('../commands/auth/user/list.ts'),
  },
  {
    path: 'auth user info',
    about: 'Show one user: roles and keys.',
    load: () => import('../commands/auth/user/info.ts'),
  },
  {
    path: 'auth user assign-role',
    about: 'Give a user a role, in a namespace or everywhere.',
    load: () => import('../commands/auth/user/assign-role.ts'),
  },
  {
    path: 'auth user link',
    about: 'Say who at an identity provider logs in as a user.',
    load: () => import('../commands/auth/user/link.ts'),
  },
  {
    path: 'auth user remove-role',
    about: 'Take a role from a user.',
    load: () => import('../commands/auth/user/remove-role.ts'),
  },
  {
    path: 'auth user disable',
    about: 'Let a user in no more, whatever keys they have.',
    load: () => import('../commands/auth/user/disable.ts'),
  },
  {
    path: 'auth user enable',
    about: 'Let a user in again who was disabled.',
    load: () => import('../commands/auth/user/enable.ts'),
  },
  {
    path: 'auth user delete',
    about: 'Forget a user, with all keys of theirs. Their work stays.',
    load: () => import('../commands/auth/user/delete.ts'),
  },
  {
    path: 'auth apikey create',
    about: 'Make an API key; its secret is shown once.',
    load: () => import('../commands/auth/apikey/create.ts'),
  },
  {
    path: 'auth apikey list',
    about: 'List API keys: yours, or all of them if you may look at users.',
    load: () => import('../commands/auth/apikey/list.ts'),
  },
  {
    path: 'auth apikey revoke',
    about: 'Make an API key worthless at once.',
    load: () => import('../commands/auth/apikey/revoke.ts'),
  },
  {
    path: 'auth apikey rotate',
    about: 'Give an API key another secret; the one before goes on for a while.',
    load: () => import('../commands/auth/apikey/rotate.ts'),
  },
]
