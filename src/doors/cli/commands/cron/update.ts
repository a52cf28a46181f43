import { command } from '../../line/command.ts'
import { cronOptions, cronSaid } from '../../work/cron-request.ts'
import { jobOptions, jobPositionals, jobSaid } from '../../work/job-request.ts'
import { reasonOption } from '../../work/timed.ts'

export default command({
  name: 'cron update',
  about: 'Change when a schedule comes, or what its jobs are; what is not said stays.',
  details:
    'Its history stays, and jobs that it has made go on as they are. Moments that had come before count still; those of the new schedule count from the change on.',
  positionals: jobPositionals,
  options: { ...cronOptions, ...jobOptions, ...reasonOption },
  examples: [
    'cron update backup --schedule "0 4 * * *" --time-zone Europe/Zurich',
    'cron update backup team/backup:2 --concurrency forbid --reason "the new format"',
  ],

  async run(args, session) {
    const { out, host, signal } = session
    const request = { ...jobSaid(args, host.env), ...cronSaid(args), cron: args.NAME, reason: args.reason }
    const changed = await (await session.api()).call('cron.update', request, signal)
    await out.result(changed, ({ name, nextRun }) => [`${name} comes next at ${nextRun ?? 'no time'}`])
    return undefined
  },
})
