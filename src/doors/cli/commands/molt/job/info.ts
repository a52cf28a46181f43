import { command } from '../../../line/command.ts'
import { jobFacts } from '../../../show/buying-words.ts'

export default command({
  name: 'molt job info',
  about: 'Show a job that strangers run: its providers, how it stands, and what it costs.',
  positionals: { job: { about: 'Its id or name' } },
  options: { node: { kind: 'text', value: 'NODE', about: 'Which node; the one you talk to if left out' } },
  examples: ['molt job info train', 'molt job info mj-x7k2m4q5ab --json'],

  async run({ job, node }, { api: connect, out, signal }) {
    const api = await connect()
    await out.result(await api.call('moltjob.info', { job, node }, signal), jobFacts)
    return undefined
  },
})
