import { command } from '../../../line/command.ts'
import { inNamespace, namespaceOption } from '../../../work/volume-words.ts'

export default command({
  name: 'backup schedule resume',
  about: 'Go on with a schedule of backups that was suspended.',
  positionals: { NAME: { about: 'Name of the schedule' } },
  options: namespaceOption,
  examples: ['backup schedule resume nightly', 'backup schedule resume nightly --json'],

  async run({ NAME: schedule, ...where }, { api: connect, out, signal, host }) {
    const input = { schedule, ...inNamespace(where, host) }
    await out.result(await (await connect()).call('backup.resume', input, signal), ({ name }) => [`${name} goes on`])
    return undefined
  },
})
