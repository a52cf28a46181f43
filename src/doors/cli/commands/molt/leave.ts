import { command } from '../../line/command.ts'
import { statusFacts } from '../../show/molt-words.ts'

export default command({
  name: 'molt leave',
  about: 'Have a node take part in the MOLT network no more.',
  details:
    'Offers are withdrawn, and leased work is ended: each has the time that was agreed. What guests have left on the host goes, also what their buyers have not fetched: --now waits less than a minute for that, and what is left then goes as soon as the engine lets it. With --now nothing is claimed any more before the node joins again. It has to be back before the claim time of the network (a day, where nobody has said otherwise) has passed after the end that was agreed for the lease: from then on the buyer may take all of it back. What it owns there stays its own, for when it joins again. A witness of the network goes on as one.',
  positionals: {},
  options: {
    now: {
      kind: 'flag',
      about: 'End leased work at once; what buyers have promised is claimed when it joins again, which must be in time',
    },
    node: { kind: 'text', value: 'NODE', about: 'Which node; the one you talk to if left out' },
  },
  examples: ['molt leave', 'molt leave --now --node gpu-node-1 --json'],

  async run({ now, node }, { api: connect, out, signal }) {
    const api = await connect()
    await out.result(await api.call('molt.leave', { now, node }, signal), statusFacts)
    return undefined
  },
})
