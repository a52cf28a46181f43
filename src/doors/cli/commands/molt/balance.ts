import { command } from '../../line/command.ts'
import { counted, facts } from '../../show/words.ts'

export default command({
  name: 'molt balance',
  about: 'Show what is on an account: the own one, or any other of the network.',
  details:
    'Of the own account the books of the node say it, after it has asked the witnesses what has come in; of any other a quorum of the witnesses does.',
  positionals: { account: { about: 'Account, or name of a node of this mesh that takes part', optional: true } },
  options: { node: { kind: 'text', value: 'NODE', about: 'Which node looks; the one you talk to if left out' } },
  examples: ['molt balance', 'molt balance gpu-node-1 --json'],

  async run({ account, node }, { api: connect, out, signal }) {
    const api = await connect()
    await out.result(await api.call('molt.balance', { account, node }, signal), (found) =>
      facts([
        ['Account', found.account],
        ['Balance', found.balance.inWords],
        ...(found.spendable === null ? [] : [['Spendable', found.spendable.inWords] as const]),
        ['Written', `${counted(found.sequence, 'line')} of its own`],
        ['Witnesses', found.answered === null ? 'too few answer: by the books alone' : `${found.answered} asked`],
      ]),
    )
    return undefined
  },
})
