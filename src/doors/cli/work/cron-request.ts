/** What `cron create` and `cron update` can be told of when jobs are made. */
import type { Arguments, OptionSpec } from '../line/command.ts'
import type { jobPositionals } from './job-request.ts'

export const cronOptions = {
  schedule: {
    kind: 'text',
    value: 'CRON',
    about: 'When: five fields, six with seconds first, or a word such as @hourly',
  },
  'time-zone': { kind: 'text', value: 'ZONE', about: 'Such as Europe/Zurich; UTC if left out' },
  concurrency: {
    kind: 'text',
    value: 'WORD',
    choices: ['allow', 'forbid', 'replace'],
    about: 'When the job before still runs: allow both (as when left out), forbid the new one, or replace the old',
  },
  missed: {
    kind: 'text',
    value: 'WORD',
    choices: ['skip', 'run-once', 'run-all'],
    about: 'Moments that nobody could serve in time: skip (as when left out), run-once, run-all',
  },
  'starting-deadline': { kind: 'text', value: 'TIME', about: 'A moment is missed after so long; 1m if left out' },
  'keep-completed': { kind: 'number', value: 'N', about: 'Keep so many completed jobs; 3' },
  'keep-failed': { kind: 'number', value: 'N', about: 'Keep so many jobs that have not completed; 1' },
} as const satisfies Readonly<Record<string, OptionSpec>>

/** Only what is said. */
export const cronSaid = (args: Arguments<typeof jobPositionals, typeof cronOptions>) => ({
  ...{ schedule: args.schedule, timeZone: args['time-zone'], startingDeadline: args['starting-deadline'] },
  ...{ concurrency: args.concurrency, missed: args.missed },
  ...{ keepCompleted: args['keep-completed'], keepFailed: args['keep-failed'] },
})
