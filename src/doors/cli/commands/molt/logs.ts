import { command } from '../../line/command.ts'
import { moltLines, printLine } from '../../work/molt-request.ts'

export default command({
  name: 'molt logs',
  about: 'Show what a job prints that strangers run.',
  details: 'Its provider is asked for it. With -f it goes on through attempts at other providers, until it has ended.',
  positionals: { job: { about: 'Its id or name' } },
  options: {
    follow: { kind: 'flag', short: 'f', about: 'Go on as it prints, until it has ended' },
    tail: { kind: 'number', value: 'N', about: 'Only the last N lines' },
    timestamps: { kind: 'flag', short: 't', about: 'Begin each line with its time' },
    node: { kind: 'text', value: 'NODE', about: 'Which node; the one you talk to if left out' },
  },
  examples: ['molt logs train', 'molt logs -f --tail 20 train'],

  async run({ job, follow, tail, timestamps, node }, { api: connect, out, signal }) {
    const api = await connect()
    for await (const line of moltLines(api, { job, follow, tail, node }, signal)) await printLine(out, line, timestamps)
    return undefined
  },
})
