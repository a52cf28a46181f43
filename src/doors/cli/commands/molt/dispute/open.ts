import { ClawError } from '../../../../../model/failure.ts'
import { command } from '../../../line/command.ts'
import { disputeFacts } from '../../../show/dispute-words.ts'

export default command({
  name: 'molt dispute open',
  about: 'Have the arbiters of an agreement judge what its provider gets.',
  details:
    'For a job that the node has bought, or a lease that it has given, while it is not closed. This side signs no sum any more, and the provider cannot claim, until the ' +
    'time for arbiters is over that was agreed on: a day after the agreed end, or half of the time for claims of the network, if that is less. What was metered and promised goes to the ' +
    'arbiters and to the other side, and what is set aside stays so. If they do not all sign one sum in time, the provider can claim what was promised, as without them.',
  positionals: { of: { about: 'Job, or beginning of the id of a lease' } },
  options: {
    reason: { kind: 'text', value: 'REASON', about: 'For the arbiters and the other side, up to 1024 letters' },
    node: { kind: 'text', value: 'NODE', about: 'Which node; the one you talk to if left out' },
  },
  examples: [
    'molt dispute open train --reason "it computed nothing for an hour"',
    'molt dispute open 3f2a --reason "it was used for what was not agreed on" --node gpu-1',
  ],

  async run({ of, reason, node }, { api: connect, out, signal }) {
    if (reason === undefined) throw new ClawError('INVALID_REQUEST', { problem: 'it takes --reason' })
    const api = await connect()
    await out.result(await api.call('moltdispute.open', { of, reason, node }, signal), disputeFacts)
    return undefined
  },
})
