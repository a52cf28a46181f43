/** The commands on deployments, as rows of the registry. */
import type { Row } from './row.ts'

export const deployRows: readonly Row[] = [
  {
    path: 'deploy create',
    about: 'Have so many replicas of something run all the time.',
    load: () => import('../commands/deploy/create.ts'),
  },
  {
    path: 'deploy update',
    about: 'Change a deployment; another image or command is a new revision, which is rolled out.',
    load: () => import('../commands/deploy/update.ts'),
  },
  {
    path: 'deploy status',
    about: 'Show one deployment: its state, its replicas, how far a rollout is, and why.',
    load: () => import('../commands/deploy/status.ts'),
  },
  { path: 'deploy list', about: 'List the deployments by name.', load: () => import('../commands/deploy/list.ts') },
  {
    path: 'deploy history',
    about: 'List the revisions of a deployment, newest first; without a name, all deployments.',
    load: () => import('../commands/deploy/history.ts'),
  },
  {
    path: 'deploy promote',
    about: 'Let the canary, or the second set of blue-green, take over for good.',
    load: () => import('../commands/deploy/promote.ts'),
  },
  {
    path: 'deploy pause',
    about: 'Hold a rollout where it is; what dies is replaced all the same.',
    load: () => import('../commands/deploy/pause.ts'),
  },
  {
    path: 'deploy resume',
    about: 'Go on with a deployment that was paused.',
    load: () => import('../commands/deploy/resume.ts'),
  },
  {
    path: 'deploy delete',
    about: 'Stop all replicas of a deployment and forget it.',
    load: () => import('../commands/deploy/delete.ts'),
  },
  {
    path: 'rollback',
    about: 'Take a deployment back to the revision before, or to a named one.',
    aliases: ['deploy rollback'],
    load: () => import('../commands/rollback.ts'),
  },
  {
    path: 'scale',
    about: 'Change how many replicas a deployment has.',
    aliases: ['deploy scale'],
    load: () => import('../commands/scale.ts'),
  },
]
