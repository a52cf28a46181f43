import { ClawError } from '../../../../model/failure.ts'
import { command } from '../../line/command.ts'
import { statusFacts } from '../../show/molt-words.ts'

const modes = ['conservative', 'moderate', 'aggressive'] as const

export default command({
  name: 'molt join',
  about: 'Have a node take part in the MOLT network: lend its GPUs, or only buy.',
  details:
    'conservative lends only while the node has nothing else to do, moderate what the own mesh leaves unused, aggressive as much as others pay for. ' +
    'A node lends its own GPUs and nobody else’s, and still does after a restart. Where the mesh takes part in no network yet, one is made whose witnesses are its voters.',
  positionals: {},
  options: {
    mode: { kind: 'text', value: 'MODE', about: 'How much it lends', choices: modes },
    'buy-only': { kind: 'flag', about: 'It lends nothing' },
    node: { kind: 'text', value: 'NODE', about: 'Which node; the one you talk to if left out' },
  },
  examples: ['molt join --mode conservative', 'molt join --buy-only --json'],

  async run({ mode, 'buy-only': isBuyer, node }, { api: connect, out, signal }) {
    const wanted = isBuyer ? 'buy-only' : modes.find((one) => one === mode)
    if (wanted === undefined || (isBuyer && mode !== undefined))
      throw new ClawError('INVALID_REQUEST', { problem: 'it takes either --mode or --buy-only' })
    const api = await connect()
    await out.result(await api.call('molt.join', { mode: wanted, node }, signal), statusFacts)
    return undefined
  },
})
