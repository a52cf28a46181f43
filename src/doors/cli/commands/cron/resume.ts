import { command } from '../../line/command.ts'
import { namespaceIn, namespaceOption, reasonOption } from '../../work/timed.ts'

export default command({
  name: 'cron resume',
  about: 'Go on with a schedule that was suspended; what it would have done meanwhile is not done.',
  positionals: { NAME: { about: 'Name or id of the schedule' } },
  options: { ...reasonOption, ...namespaceOption },
  examples: ['cron resume backup', 'cron resume backup --reason "maintenance"'],

  async run({ NAME, reason, ...where }, session) {
    const api = await session.api()
    const named = { cron: NAME, namespace: namespaceIn(where, session), reason }
    const cron = await api.call('cron.resume', named, session.signal)
    await session.out.result(cron, ({ name, nextRun }) => [`${name} comes next at ${nextRun ?? 'no time'}`])
    return undefined
  },
})
