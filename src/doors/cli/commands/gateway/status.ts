import { command } from '../../line/command.ts'
import { facts, orDash } from '../../show/words.ts'

const heard = (silentForMs: number | null): string =>
  silentForMs === null ? ', never heard of' : `, heard of ${Math.round(silentForMs)} ms ago`

export default command({
  name: 'gateway status',
  about: 'Show who leads and who votes.',
  positionals: {},
  options: {},
  examples: ['gateway status', 'gateway status --json'],

  async run(_, { api: connect, out, signal }) {
    const api = await connect()
    await out.result(await api.call('gateway.status', {}, signal), (status) => [
      ...facts([
        ['Leader', status.leader ?? 'none at the moment'],
        ['Voters', orDash(status.voters.join(', '))],
        ['Term', String(status.term)],
        ['This peer', `${status.node}, ${status.role}`],
        ['Log', `${status.applied} of ${status.committed} applied`],
      ]),
      ...status.followers.map(
        ({ node, matched, silentForMs, mute }) =>
          `  ${node} ${mute ? 'has lost its log and has no say' : `has ${matched}${heard(silentForMs)}`}`,
      ),
    ])
    return undefined
  },
})
