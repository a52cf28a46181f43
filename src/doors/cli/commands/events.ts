import { command } from '../command.ts'
import { eventLine } from '../columns.ts'

export default command({
  name: 'events',
  about: 'Show what happens in the mesh.',
  positionals: {},
  options: {
    follow: { kind: 'flag', short: 'f', about: 'Go on as things happen' },
    since: { kind: 'text', value: 'TIME', about: 'Only events since then: 10m, "24h ago", or an ISO time' },
    after: { kind: 'number', value: 'N', about: 'Only events after the one with this number' },
    type: { kind: 'text', value: 'TYPE', about: 'Only events whose type begins like this, such as node.' },
  },
  examples: ['events', 'events -f', 'events --since 1h --type workload. -o jsonl'],

  async run({ follow, since, after, type }, { api: connect, out, signal }) {
    const api = await connect()
    for await (const event of api.stream('events.watch', { follow, since, after, type }, signal))
      await out.item(event, `${eventLine(event)}\n`)
    return undefined
  },
})
