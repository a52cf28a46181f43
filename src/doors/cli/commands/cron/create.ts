import { ClawError } from '../../../../model/failure.ts'
import { command } from '../../line/command.ts'
import { cronOptions, cronSaid } from '../../work/cron-request.ts'
import { jobOptions, jobPositionals, jobSaid } from '../../work/job-request.ts'

export default command({
  name: 'cron create',
  about: 'Have a job made at every moment that a schedule names.',
  details:
    'Each moment counts once, whoever leads the mesh by then. A schedule has five fields (minute, hour, day, month, day of the week), or six with seconds first, or is a word such as @daily.',
  positionals: jobPositionals,
  options: {
    ...cronOptions,
    ...jobOptions,
  },
  examples: [
    'cron create backup team/backup:1 --schedule "0 3 * * *" --time-zone Europe/Zurich --concurrency forbid',
    'cron create probe busybox --schedule "*/5 * * * *" --missed run-once -- echo well',
  ],

  async run(args, session) {
    const { out, host, signal } = session
    const { image, ...said } = jobSaid(args, host.env)
    const { schedule, ...when } = cronSaid(args)
    if (image === undefined || schedule === undefined)
      throw new ClawError('INVALID_REQUEST', { problem: 'write cron create NAME IMAGE --schedule "0 3 * * *"' })
    const request = { ...said, ...when, image, schedule, name: args.NAME }
    const made = await (await session.api()).call('cron.create', request, signal)
    await out.result(made, ({ name, cronId, nextRun }) => [`${name} (${cronId}) comes next at ${nextRun ?? 'no time'}`])
    return undefined
  },
})
