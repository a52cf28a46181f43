import { ClawError } from '../../../../../model/failure.ts'
import { command } from '../../../line/command.ts'
import { networkFacts } from '../../../show/molt-words.ts'

export default command({
  name: 'molt network create',
  about: 'Make a MOLT network whose witnesses are the voters of this mesh.',
  details:
    'Credit moves in it once a quorum of its witnesses has signed. The node that you talk to brings the credit into it. Its rules can never be changed: its id is the hash of them.',
  positionals: {},
  options: {
    name: { kind: 'text', value: 'NAME', about: 'a-z, 0-9 and -; that of the mesh if left out' },
    credit: { kind: 'text', value: 'MOLT', about: 'Most credit that may come into it; 1000000 if left out' },
    fee: { kind: 'number', value: 'PERCENT', about: 'Of what is paid to a provider, for the node that makes it' },
    faulty: { kind: 'number', value: 'N', about: 'Witnesses that may lie without harm; it takes 3N+1 voters' },
  },
  examples: ['molt network create', 'molt network create --name lab --credit 50000 --fee 2.5'],

  async run({ name, credit, fee, faulty }, { api: connect, out, signal }) {
    const feeBps = fee === undefined ? undefined : Math.round(fee * 100)
    if (fee !== undefined && (feeBps === undefined || Math.abs(feeBps - fee * 100) > 1e-6))
      throw new ClawError('INVALID_REQUEST', { problem: '--fee takes a percentage with two decimals at most' })
    const api = await connect()
    const made = await api.call('moltnetwork.create', { name, credit, feeBps, faulty }, signal)
    for (const { node, problem } of made.silent) out.note(`${node} is no witness: ${problem}`)
    await out.result(made, networkFacts)
    return undefined
  },
})
