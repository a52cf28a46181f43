import { command } from '../../line/command.ts'
import { namespaceIn, namespaceOption, reasonOption } from '../../work/timed.ts'

export default command({
  name: 'cron trigger',
  about: 'Have a job made of a schedule now, outside of its moments.',
  positionals: { NAME: { about: 'Name or id of the schedule' } },
  options: { ...reasonOption, ...namespaceOption },
  examples: ['cron trigger backup', 'cron trigger backup -o json'],

  async run({ NAME, reason, ...where }, session) {
    const api = await session.api()
    const named = { cron: NAME, namespace: namespaceIn(where, session), reason }
    await session.out.result(await api.call('cron.trigger', named, session.signal), ({ jobName, jobId }) => [
      `${jobName} (${jobId}): see it with  clawbernetes job status ${jobName}`,
    ])
    return undefined
  },
})
