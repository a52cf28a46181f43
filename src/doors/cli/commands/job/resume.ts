import { command } from '../../line/command.ts'
import { namespaceIn, namespaceOption, reasonOption } from '../../work/timed.ts'

export default command({
  name: 'job resume',
  about: 'Go on with a job that was suspended; what has succeeded stays done.',
  positionals: { NAME: { about: 'Name or id of the job' } },
  options: { ...reasonOption, ...namespaceOption },
  examples: ['job resume render', 'job resume render --reason "the GPUs are free"'],

  async run({ NAME, reason, ...where }, session) {
    const api = await session.api()
    const named = { job: NAME, namespace: namespaceIn(where, session), reason }
    await session.out.result(await api.call('job.resume', named, session.signal), ({ name, state }) => [
      `${name} is ${state}`,
    ])
    return undefined
  },
})
