import { command } from '../../../line/command.ts'
import { inNamespace, namespaceOption } from '../../../work/volume-words.ts'

export default command({
  name: 'backup schedule delete',
  about: 'Forget a schedule of backups; those that it has had made stay.',
  positionals: { NAME: { about: 'Name of the schedule' } },
  options: namespaceOption,
  examples: ['backup schedule delete nightly', 'backup schedule delete nightly --json'],

  async run({ NAME: schedule, ...where }, { api: connect, out, signal, host }) {
    const input = { schedule, ...inNamespace(where, host) }
    await out.result(await (await connect()).call('backup.unschedule', input, signal), ({ name }) => [
      `${name} is gone`,
    ])
    return undefined
  },
})
