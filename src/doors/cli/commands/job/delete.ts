import { confirm } from '../../confirm.ts'
import { command } from '../../line/command.ts'
import { namespaceIn, namespaceOption, reasonOption } from '../../work/timed.ts'

export default command({
  name: 'job delete',
  about: 'Stop what runs of a job, and forget it and its runs.',
  positionals: { NAME: { about: 'Name or id of the job' } },
  options: { ...reasonOption, ...namespaceOption, yes: { kind: 'flag', short: 'y', about: 'Do not ask' } },
  examples: ['job delete render', 'job delete render --yes --reason "done with it"'],

  async run({ NAME, reason, yes, ...where }, session) {
    const { out, signal } = session
    const api = await session.api()
    const found = await api.call('job.status', { job: NAME, namespace: namespaceIn(where, session) }, signal)
    await confirm([`The job ${found.name} will be deleted, and ${found.active} run(s) stopped.`], { ...session, yes })
    const gone = await api.call('job.delete', { job: found.jobId, reason }, signal)
    await out.result(gone, ({ name, state }) => [state === 'deleted' ? `${name} is gone` : `${name} is being deleted`])
    return undefined
  },
})
