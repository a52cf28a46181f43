import { command } from '../../line/command.ts'
import { namespaceIn, namespaceOption, reasonOption } from '../../work/timed.ts'

export default command({
  name: 'cron suspend',
  about: 'Have no more jobs made by a schedule until it is resumed; those that run go on.',
  positionals: { NAME: { about: 'Name or id of the schedule' } },
  options: { ...reasonOption, ...namespaceOption },
  examples: ['cron suspend backup', 'cron suspend backup --reason "maintenance"'],

  async run({ NAME, reason, ...where }, session) {
    const api = await session.api()
    const named = { cron: NAME, namespace: namespaceIn(where, session), reason }
    const cron = await api.call('cron.suspend', named, session.signal)
    await session.out.result(cron, ({ name }) => [`${name} is suspended`])
    return undefined
  },
})
