import { command } from '../../../line/command.ts'
import { askedOf, askedOptions } from '../../../work/backup-words.ts'

const keep = (what: string) => ({ kind: 'number', value: 'N', about: what }) as const

export default command({
  name: 'backup schedule create',
  about: 'Have backups made by the clock, and some of them kept.',
  details:
    'One at every moment that --cron names, once, whoever leads the mesh by then. When one is there, those that the --keep options do not name go: ' +
    'with none of them the last 7 stay.',
  positionals: { NAME: { about: 'Name of the schedule: a-z, 0-9 and -' } },
  options: {
    ...askedOptions,
    cron: { kind: 'text', value: 'WHEN', about: 'Five fields such as "0 3 * * *", six with seconds first, or @daily' },
    'time-zone': { kind: 'text', value: 'ZONE', about: 'Such as Europe/Zurich; UTC if left out' },
    missed: {
      kind: 'text',
      value: 'WHAT',
      choices: ['skip', 'run-once', 'run-all'],
      about: 'Moments at which nobody could begin: run-once (one for all) if left out',
    },
    deadline: { kind: 'text', value: 'SPAN', about: 'A moment is missed after so long; 10m if left out' },
    'keep-last': keep('So many of the newest'),
    'keep-hourly': keep('The newest of each of so many hours'),
    'keep-daily': keep('The newest of each of so many days, in UTC'),
    'keep-weekly': keep('The newest of each of so many weeks'),
    'keep-monthly': keep('The newest of each of so many months'),
  },
  examples: [
    'backup schedule create nightly --cron "0 3 * * *" --to /srv/backups --keep-daily 7 --keep-weekly 4',
    'backup schedule create state --mesh --cron @hourly --to /srv/backups --keep-last 24',
  ],

  async run(args, { api: connect, out, signal, host }) {
    const { NAME: schedule, cron, missed, deadline: startingDeadline, ...others } = args
    const input = {
      ...{ schedule, ...askedOf(others, host), cron: cron ?? '', timeZone: args['time-zone'], startingDeadline },
      ...(missed !== undefined && { missed: missed as 'skip' }),
      ...{ keepLast: args['keep-last'], keepHourly: args['keep-hourly'], keepDaily: args['keep-daily'] },
      ...{ keepWeekly: args['keep-weekly'], keepMonthly: args['keep-monthly'] },
    }
    const made = await (await connect()).call('backup.schedule', input, signal)
    await out.result(made, ({ name, nextRun }) => [`${name}: next at ${nextRun ?? 'no moment any more'}`])
    return undefined
  },
})
