import { command } from '../../line/command.ts'
import { walletFacts } from '../../show/wallet-words.ts'

export default command({
  name: 'molt wallet',
  about: 'Show the account of a node: what is on it, what is set aside, and what the witnesses say of it.',
  details: 'It can be seen while the node is in its network: its books are that network’s.',
  positionals: {},
  options: { node: { kind: 'text', value: 'NODE', about: 'Whose account; of the one you talk to if left out' } },
  examples: ['molt wallet', 'molt wallet --node gpu-node-1 --json'],

  async run({ node }, { api: connect, out, signal }) {
    const api = await connect()
    await out.result(await api.call('molt.wallet', { node }, signal), walletFacts)
    return undefined
  },
})
