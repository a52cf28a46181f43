import { earningPeriods } from '../../../../model/molt-lease.ts'
import { command } from '../../line/command.ts'
import { earningsFacts } from '../../show/lending-words.ts'

export default command({
  name: 'molt earnings',
  about: 'Show what a node has earned by lending its GPUs.',
  positionals: {},
  options: {
    period: {
      kind: 'text',
      value: 'PERIOD',
      choices: earningPeriods,
      about: 'The last days, or the month so far; 30d if left out',
    },
    detailed: { kind: 'flag', about: 'Also each lease' },
    node: { kind: 'text', value: 'NODE', about: 'Which node; the one you talk to if left out' },
  },
  examples: ['molt earnings', 'molt earnings --period month --detailed', 'molt earnings --period 7d --json'],

  async run({ period: asked, detailed, node }, { api: connect, out, signal }) {
    const period = earningPeriods.find((one) => one === asked)
    const api = await connect()
    await out.result(await api.call('molt.earnings', { period, detailed, node }, signal), earningsFacts)
    return undefined
  },
})
