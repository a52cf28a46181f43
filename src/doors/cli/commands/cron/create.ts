import { ClawError } from '../../../../model/failure.ts'
import { command } from '../../line/command.ts'
import { jobOptions, jobPositionals, jobSaid } from '../../work/job-request.ts'

export default command({
  name: 'cron create',
  about: 'Have a job made at every moment that a schedule names.',
  details:
    'Each moment counts once, whoever leads the mesh by then. A schedule has five fields (minute, hour, day, month, day of the week), or six with seconds first, or is a word such as @daily.',
  positionals: jobPositionals,
  options: {
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
    ...jobOptions,
  },
  examples: [
    'cron create backup team/backup:1 --schedule "0 3 * * *" --time-zone Europe/Zurich --concurrency forbid',
    'cron create probe busybox --schedule "*/5 * * * *" --missed run-once -- echo well',
  ],

  async run(args, session) {
    const { out, host, signal } = session
    const { image, ...said } = jobSaid(args, host.env)
    const { schedule } = args
    if (image === undefined || schedule === undefined)
      throw new ClawError('INVALID_REQUEST', { problem: 'write cron create NAME IMAGE --schedule "0 3 * * *"' })
    const request = {
      ...said,
      ...{ image, schedule, name: args.NAME, timeZone: args['time-zone'] },
      ...{ concurrency: args.concurrency, missed: args.missed, startingDeadline: args['starting-deadline'] },
      ...{ keepCompleted: args['keep-completed'], keepFailed: args['keep-failed'] },
    }
    const made = await (await session.api()).call('cron.create', request, signal)
    await out.result(made, ({ name, cronId, nextRun }) => [`${name} (${cronId}) comes next at ${nextRun ?? 'no time'}`])
    return undefined
  },
})
