import { command } from '../command.ts'
import { logLines } from '../follow.ts'

export default command({
  name: 'logs',
  about: 'Show what a workload has printed.',
  details:
    'What it wrote to standard error goes to standard error. With -f it goes on through restarts on other nodes.',
  positionals: { workload: { about: 'Name or id of the workload', completes: 'workload' } },
  options: {
    follow: { kind: 'flag', short: 'f', about: 'Go on as it prints, until it has ended' },
    tail: { kind: 'number', value: 'N', bare: 100, about: 'Only the last N lines (100 if N is left out)' },
    since: { kind: 'text', value: 'TIME', about: 'Only lines since then: 10m, "1h ago", or an ISO time' },
    scheduler: { kind: 'flag', about: 'What was decided on it and why, instead of what it printed' },
    timestamps: { kind: 'flag', short: 't', about: 'Begin each line with its time' },
  },
  examples: [
    'logs llm-inference',
    'logs -f --tail 20 llm-inference',
    'logs llm-inference --scheduler',
    'logs llm-inference --since "1h ago" --timestamps',
  ],

  async run({ workload, follow, tail, since, timestamps, scheduler }, { api: connect, out, signal }) {
    const api = await connect()
    if (scheduler) {
      const decisions = await api.call('workload.decisions', { workload }, signal)
      await out.result(decisions, (rows) => rows.map(({ at, type, message }) => `${at}  ${type.padEnd(9)}  ${message}`))
      return undefined
    }
    for await (const line of logLines(api, { workload, follow, tail, since }, signal))
      await out.item(line, `${timestamps ? `${line.at} ` : ''}${line.text}\n`, line.stream)
    return undefined
  },
})
