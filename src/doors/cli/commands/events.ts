import { command } from '../line/command.ts'
import { eventLine } from '../show/columns.ts'
import { interrupted } from '../exit-code.ts'
import { meshEvents } from '../work/follow.ts'

export default command({
  name: 'events',
  about: 'Show what happens in the mesh.',
  details:
    'Each event has a number that rises. With -f it goes on through restarts of the peer and on other peers, without gap or repeat; ' +
    'Ctrl-C says with which --after to go on later.',
  positionals: {},
  options: {
    follow: { kind: 'flag', short: 'f', about: 'Go on as things happen' },
    watch: { kind: 'flag', short: 'w', about: 'Same as --follow' },
    since: { kind: 'text', value: 'TIME', about: 'Only events since then: 10m, "24h ago", or an ISO time' },
    after: { kind: 'number', value: 'N', about: 'Only events after the one with this number' },
    type: { kind: 'text', value: 'TYPE', about: 'Only events whose type begins like this, such as node.' },
  },
  examples: ['events', 'events -f', 'events -f --after 1042', 'events --since 1h --type workload. -o jsonl'],

  async run({ follow, watch, since, after, type }, { api: connect, out, signal }) {
    const api = await connect()
    let last = after ?? null
    try {
      for await (const event of meshEvents(api, { follow: follow || watch, since, after, type }, signal)) {
        await out.item(event, `${eventLine(event)}\n`)
        last = event.sequence
      }
    } catch (error) {
      if (!signal.aborted) throw error
    }
    if (!signal.aborted) return undefined
    if (last !== null) out.note(`\nGo on from here:  clawbernetes events -f --after ${last}`)
    return interrupted
  },
})
