/** The commands on jobs, schedules and workflows, as rows of the registry. */
import type { Row } from './row.ts'

export const timedRows: readonly Row[] = [
  {
    path: 'job create',
    about: 'Have something done so many times, tried again when it fails, and counted.',
    load: () => import('../commands/job/create.ts'),
  },
  {
    path: 'job status',
    about: 'Show one job: how many of its runs have succeeded, those that run, and why it waits or has failed.',
    load: () => import('../commands/job/status.ts'),
  },
  {
    path: 'job list',
    about: 'List the jobs, newest first.',
    load: () => import('../commands/job/list.ts'),
  },
  {
    path: 'job logs',
    about: 'Show what the runs of a job have printed.',
    load: () => import('../commands/job/logs.ts'),
  },
  {
    path: 'job wait',
    about: 'Wait until a job is over.',
    load: () => import('../commands/job/wait.ts'),
  },
  {
    path: 'job update',
    about: 'Change how a job goes on: how many runs at a time, how often and how long it may be tried.',
    load: () => import('../commands/job/update.ts'),
  },
  {
    path: 'job stop',
    about: 'Stop a job for good: what runs of it is stopped, and nothing more is started.',
    load: () => import('../commands/job/stop.ts'),
  },
  {
    path: 'job suspend',
    about: 'Stop what runs of a job, and start nothing more until it is resumed.',
    load: () => import('../commands/job/suspend.ts'),
  },
  {
    path: 'job resume',
    about: 'Go on with a job that was suspended; what has succeeded stays done.',
    load: () => import('../commands/job/resume.ts'),
  },
  {
    path: 'job delete',
    about: 'Stop what runs of a job, and forget it and its runs.',
    load: () => import('../commands/job/delete.ts'),
  },
  {
    path: 'cron create',
    about: 'Have a job made at every moment that a schedule names.',
    load: () => import('../commands/cron/create.ts'),
  },
  {
    path: 'cron list',
    about: 'List the schedules by name, with the next moment of each.',
    load: () => import('../commands/cron/list.ts'),
  },
  {
    path: 'cron info',
    about: 'Show one schedule: when it comes next, what runs of it, and what came of its last moments.',
    load: () => import('../commands/cron/info.ts'),
  },
  {
    path: 'cron history',
    about: 'List what came of the last moments of a schedule, newest first.',
    load: () => import('../commands/cron/history.ts'),
  },
  {
    path: 'cron update',
    about: 'Change when a schedule comes, or what its jobs are; what is not said stays.',
    load: () => import('../commands/cron/update.ts'),
  },
  {
    path: 'cron trigger',
    about: 'Have a job made of a schedule now, outside of its moments.',
    load: () => import('../commands/cron/trigger.ts'),
  },
  {
    path: 'cron suspend',
    about: 'Have no more jobs made by a schedule until it is resumed; those that run go on.',
    load: () => import('../commands/cron/suspend.ts'),
  },
  {
    path: 'cron resume',
    about: 'Go on with a schedule that was suspended; what it would have done meanwhile is not done.',
    load: () => import('../commands/cron/resume.ts'),
  },
  {
    path: 'cron delete',
    about: 'Forget a schedule, stop its jobs that run, and forget them too.',
    load: () => import('../commands/cron/delete.ts'),
  },
  {
    path: 'workflow create',
    about: 'Have the steps that a file names done in the order in which they need each other.',
    load: () => import('../commands/workflow/create.ts'),
  },
  {
    path: 'workflow validate',
    about: 'Check a workflow, and show in which order its steps would be done and what each would be told.',
    load: () => import('../commands/workflow/validate.ts'),
  },
  {
    path: 'workflow status',
    about: 'Show one workflow: its steps, what they wait for, and what they have handed on.',
    load: () => import('../commands/workflow/status.ts'),
  },
  {
    path: 'workflow list',
    about: 'List the workflows, newest first.',
    load: () => import('../commands/workflow/list.ts'),
  },
  {
    path: 'workflow logs',
    about: 'Show what the steps of a workflow have printed, one step after the other.',
    load: () => import('../commands/workflow/logs.ts'),
  },
  {
    path: 'workflow cancel',
    about: 'Stop what runs of a workflow, and begin nothing more of it.',
    load: () => import('../commands/workflow/cancel.ts'),
  },
  {
    path: 'workflow retry',
    about: 'Do again what has not completed of a workflow; what has is not done again.',
    load: () => import('../commands/workflow/retry.ts'),
  },
  {
    path: 'workflow delete',
    about: 'Stop what runs of a workflow, and forget it and its jobs.',
    load: () => import('../commands/workflow/delete.ts'),
  },
]
