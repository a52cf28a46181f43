import { confirm } from '../../confirm.ts'
import { command } from '../../line/command.ts'
import { namespaceIn, namespaceOption, reasonOption } from '../../work/timed.ts'

export default command({
  name: 'cron delete',
  about: 'Forget a schedule, stop its jobs that run, and forget them too.',
  positionals: { NAME: { about: 'Name or id of the schedule' } },
  options: { ...reasonOption, ...namespaceOption, yes: { kind: 'flag', short: 'y', about: 'Do not ask' } },
  examples: ['cron delete backup', 'cron delete backup --yes --reason "moved"'],

  async run({ NAME, reason, yes, ...where }, session) {
    const { out, signal } = session
    const api = await session.api()
    const found = await api.call('cron.info', { cron: NAME, namespace: namespaceIn(where, session) }, signal)
    const plan = [`The schedule ${found.name} will be deleted, and ${found.active} job(s) that run stopped.`]
    await confirm(plan, { ...session, yes })
    const gone = await api.call('cron.delete', { cron: found.cronId, reason }, signal)
    await out.result(gone, ({ name }) => [`${name} is gone`])
    return undefined
  },
})
