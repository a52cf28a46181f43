import { command } from '../../line/command.ts'
import { namespaceIn, namespaceOption, reasonOption } from '../../work/timed.ts'

export default command({
  name: 'job stop',
  about: 'Stop a job for good: what runs of it is stopped, and nothing more is started.',
  positionals: { NAME: { about: 'Name or id of the job' } },
  options: { ...reasonOption, ...namespaceOption },
  examples: ['job stop render', 'job stop render --reason "not needed"'],

  async run({ NAME, reason, ...where }, session) {
    const api = await session.api()
    const named = { job: NAME, namespace: namespaceIn(where, session), reason }
    await session.out.result(await api.call('job.stop', named, session.signal), ({ name, state }) => [
      `${name} is ${state}`,
    ])
    return undefined
  },
})
