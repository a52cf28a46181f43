import { command } from '../../line/command.ts'
import { expectCompleted, followedJob, jobLines } from '../../work/job-follow.ts'
import { namespaceIn, namespaceOption } from '../../work/timed.ts'

export default command({
  name: 'job wait',
  about: 'Wait until a job is over.',
  details: 'Ends with 0 when it has completed, and with 1 when it has not.',
  positionals: { NAME: { about: 'Name or id of the job' } },
  options: namespaceOption,
  examples: ['job wait render', 'job wait render -o json'],

  async run({ NAME, ...where }, session) {
    const api = await session.api()
    const found = await api.call('job.status', { job: NAME, namespace: namespaceIn(where, session) }, session.signal)
    const last = await followedJob(found.jobId, api, session)
    if (last !== null) await session.out.result(last, jobLines)
    expectCompleted(last)
    return undefined
  },
})
