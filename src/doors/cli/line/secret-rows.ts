/** The commands on secrets and config maps, as rows of the registry. */
import type { Row } from './row.ts'

export const secretRows: readonly Row[] = [
  {
    path: 'secret create',
    about: 'Give the mesh a secret to keep.',
    aliases: ['secrets create'],
    load: () => import('../commands/secret/create.ts'),
  },
  {
    path: 'secret list',
    about: 'List the secrets of a namespace.',
    aliases: ['secrets list'],
    load: () => import('../commands/secret/list.ts'),
  },
  {
    path: 'secret info',
    about: 'Show one secret: its versions, who may have it, and which work still has an old version.',
    load: () => import('../commands/secret/info.ts'),
  },
  {
    path: 'secret get',
    about: 'Print the value of a secret. That it was told, and to whom, is in its history.',
    load: () => import('../commands/secret/get.ts'),
  },
  {
    path: 'secret set',
    about: 'Give a secret a new value.',
    load: () => import('../commands/secret/set.ts'),
  },
  {
    path: 'secret rotate',
    about: 'Give a secret its next value: a new one, or one that the mesh makes.',
    aliases: ['secrets rotate'],
    load: () => import('../commands/secret/rotate.ts'),
  },
  {
    path: 'secret rollback',
    about: 'Have an earlier version of a secret given out again.',
    load: () => import('../commands/secret/rollback.ts'),
  },
  {
    path: 'secret policy set',
    about: 'Say which work may be given a secret, and when a new value is due.',
    aliases: ['secrets policy set'],
    load: () => import('../commands/secret/policy-set.ts'),
  },
  {
    path: 'secret history',
    about: 'Say what was done with a secret: by whom, when, and for which work.',
    aliases: ['secrets history'],
    load: () => import('../commands/secret/history.ts'),
  },
  {
    path: 'secret delete',
    about: 'Forget a secret, with all of its versions.',
    load: () => import('../commands/secret/delete.ts'),
  },
  {
    path: 'config create',
    about: 'Make a config map: words for work that are no secrets.',
    load: () => import('../commands/config/create.ts'),
  },
  {
    path: 'config list',
    about: 'List the config maps of a namespace.',
    load: () => import('../commands/config/list.ts'),
  },
  {
    path: 'config get',
    about: 'Show one config map with all of its keys.',
    aliases: ['config info'],
    load: () => import('../commands/config/get.ts'),
  },
  {
    path: 'config update',
    about: 'Change keys of a config map.',
    load: () => import('../commands/config/update.ts'),
  },
  {
    path: 'config delete',
    about: 'Take a config map away.',
    load: () => import('../commands/config/delete.ts'),
  },
]
