import { command } from '../../line/command.ts'
import { namespaceIn, namespaceOption, reasonOption } from '../../work/timed.ts'

export default command({
  name: 'job suspend',
  about: 'Stop what runs of a job, and start nothing more until it is resumed.',
  positionals: { NAME: { about: 'Name or id of the job' } },
  options: { ...reasonOption, ...namespaceOption },
  examples: ['job suspend render', 'job suspend render --reason "the GPUs are needed"'],

  async run({ NAME, reason, ...where }, session) {
    const api = await session.api()
    const named = { job: NAME, namespace: namespaceIn(where, session), reason }
    await session.out.result(await api.call('job.suspend', named, session.signal), ({ name, state }) => [
      `${name} is ${state}`,
    ])
    return undefined
  },
})
