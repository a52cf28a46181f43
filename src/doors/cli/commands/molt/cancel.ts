import { command } from '../../line/command.ts'
import { jobFacts } from '../../show/buying-words.ts'

export default command({
  name: 'molt cancel',
  about: 'End a job that strangers run.',
  details: 'What it has used is paid for; the rest comes back.',
  positionals: { job: { about: 'Its id or name' } },
  options: { node: { kind: 'text', value: 'NODE', about: 'Which node; the one you talk to if left out' } },
  examples: ['molt cancel train', 'molt cancel mj-x7k2m4q5ab --json'],

  async run({ job, node }, { api: connect, out, signal }) {
    const api = await connect()
    await out.result(await api.call('moltjob.cancel', { job, node }, signal), jobFacts)
    return undefined
  },
})
