import { command } from '../../../line/command.ts'
import { inNamespace, namespaceOption } from '../../../work/volume-words.ts'

export default command({
  name: 'backup schedule suspend',
  about: 'Have no more backups made by a schedule until it is resumed.',
  positionals: { NAME: { about: 'Name of the schedule' } },
  options: namespaceOption,
  examples: ['backup schedule suspend nightly', 'backup schedule suspend nightly --json'],

  async run({ NAME: schedule, ...where }, { api: connect, out, signal, host }) {
    const input = { schedule, ...inNamespace(where, host) }
    await out.result(await (await connect()).call('backup.suspend', input, signal), ({ name }) => [
      `${name} is suspended`,
    ])
    return undefined
  },
})
